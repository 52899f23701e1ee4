/** Unigram, and the character maps of SentencePiece that come with it. */
import type { TokenizerParts } from '../catalog.js'
import { readUnigram } from '../models/unigram/read-unigram.js'
import { readPrecompiled } from '../normalizers/precompiled.js'

export const parts: TokenizerParts = {
  models: { Unigram: readUnigram },
  normalizers: { Precompiled: readPrecompiled },
  cuts: { Precompiled: () => false },
}
