/** Hugging Face's `Whitespace` pre-tokenizer: `\w+|[^\w\s]+` in the sense of Unicode, where marks belong to words. */
import type { PreTokenizer } from '../pre-tokenizers/pre-tokenizer.js'

const WORD = '\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\p{Join_Control}'
const WORDS = new RegExp(`[${WORD}]+|[^${WORD}\\p{White_Space}]+`, 'gu')

export const splitWords: PreTokenizer = (text, start, end, emit) => {
  for (const { 0: word, index } of text.slice(start, end).matchAll(WORDS)) {
    emit(text, start + index, start + index + word.length)
  }
}
