/** Steps that few files have. */
import type { TokenizerParts } from '../catalog.js'
import { readBpeDecoder, readCtc } from '../decoders/rare.js'
import { readCharDelimiter, readFixedLength } from '../pre-tokenizers/rare.js'

export const parts: TokenizerParts = {
  preTokenizers: { CharDelimiterSplit: readCharDelimiter, FixedLength: readFixedLength },
  decoders: { BPEDecoder: readBpeDecoder, CTC: readCtc },
}
