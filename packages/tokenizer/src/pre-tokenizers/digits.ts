/** The `Digits` pre-tokenizer: numbers (every `\p{N}`) stand alone, one by one or as runs. */
import { classAt, endOfRun, NUMBER } from './character-class.js'
import type { PreTokenizer } from './pre-tokenizer.js'

const width = (text: string, at: number): number => (text.codePointAt(at)! > 0xffff ? 2 : 1)

export function digits(individual: boolean): PreTokenizer {
  return (text, start, end, emit) => {
    let from = start
    for (let at = start; at < end;) {
      if (classAt(text, at) !== NUMBER) {
        at += width(text, at)
        continue
      }
      if (at > from) emit(text, from, at)
      from = individual ? at + width(text, at) : endOfRun(text, at, end, NUMBER)
      emit(text, at, from)
      at = from
    }
    if (from < end) emit(text, from, end)
  }
}
