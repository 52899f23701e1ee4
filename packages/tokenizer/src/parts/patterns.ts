/** `Split` and `Replace` by any pattern. */
import type { TokenizerParts } from '../catalog.js'
import { findPattern } from '../patterns/find-pattern.js'
import { readReplace, readReplaceDecoder } from '../patterns/replace.js'
import { splitReader } from '../pre-tokenizers/split.js'

export const parts: TokenizerParts = {
  normalizers: { Replace: readReplace },
  preTokenizers: { Split: splitReader(findPattern) },
  decoders: { Replace: readReplaceDecoder },
}
