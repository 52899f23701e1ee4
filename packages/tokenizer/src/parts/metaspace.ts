/** `Metaspace`, of SentencePiece. */
import type { TokenizerParts } from '../catalog.js'
import { readMetaspaceDecoder } from '../decoders/metaspace.js'
import { readMetaspace } from '../pre-tokenizers/metaspace.js'
import { field } from '../reading/fields.js'

export const parts: TokenizerParts = {
  preTokenizers: { Metaspace: readMetaspace },
  decoders: { Metaspace: readMetaspaceDecoder },
  cuts: { Metaspace: ({ fields }) => field(fields, 'split') !== false },
}
