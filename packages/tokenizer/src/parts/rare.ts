/** Steps that few files have. */
import type { TokenizerParts } from '../catalog.js'
import { readBpeDecoder, readCtc } from '../decoders/rare.js'
import { nmt } from '../normalizers/nmt.js'
import { readCharDelimiter, readFixedLength } from '../pre-tokenizers/rare.js'
import { unicodeScripts } from '../pre-tokenizers/unicode-scripts.js'
import { plain } from '../reading/steps.js'

export const parts: TokenizerParts = {
  normalizers: { Nmt: plain(nmt) },
  preTokenizers: {
    CharDelimiterSplit: readCharDelimiter,
    FixedLength: readFixedLength,
    UnicodeScripts: plain(unicodeScripts),
  },
  decoders: { BPEDecoder: readBpeDecoder, CTC: readCtc },
}
