/** The entry `@retnet/tokenizer/parts`: every part there is, for `Tokenizer.fromJson(json, allParts)` where nothing can be awaited. */
import type { TokenizerParts } from './catalog.js'
import { parts as edits } from './parts/edits.js'
import { parts as metaspace } from './parts/metaspace.js'
import { parts as patterns } from './parts/patterns.js'
import { parts as rare } from './parts/rare.js'
import { parts as split } from './parts/split.js'
import { parts as unigram } from './parts/unigram.js'
import { parts as words } from './parts/words.js'

export const allParts: readonly TokenizerParts[] = [edits, split, metaspace, unigram, words, rare, patterns]
export {
  edits as editParts,
  metaspace as metaspaceParts,
  patterns as patternParts,
  rare as rareParts,
  split as splitParts,
  unigram as unigramParts,
  words as wordParts,
}
export type { TokenizerParts } from './catalog.js'
