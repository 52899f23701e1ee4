/** Cuts before every word mark of BPE files without a pre-tokenizer, where no token reaches over such a place: words come again. */
import type { PreTokenizer } from './pre-tokenizer.js'
import { whole } from './change-text.js'

/** The sign that SentencePiece writes for a space, U+2581. */
export const WORD_MARK = '\u2581'
const MARK = 0x2581

/** Cuts between any other character and `WORD_MARK`. */
export const splitBeforeMark: PreTokenizer = (text, start, end, emit, origin) => {
  // Words are those of the file, which has none but the text.
  if (origin) return whole(text, start, end, emit, origin)
  let from = start
  for (let at = start + 1; at < end; at++) {
    if (text.charCodeAt(at) !== MARK || text.charCodeAt(at - 1) === MARK) continue
    emit(text, from, at, origin)
    from = at
  }
  whole(text, from, end, emit, origin)
}

/** Whether no token has `WORD_MARK` behind another character, so that cutting before it changes no id. */
export function canSplitBeforeMark(vocabulary: ReadonlyMap<string, number>): boolean {
  if (!vocabulary.has(WORD_MARK)) return false
  for (const token of vocabulary.keys()) if (/[^\u2581]\u2581/.test(token)) return false
  return true
}
