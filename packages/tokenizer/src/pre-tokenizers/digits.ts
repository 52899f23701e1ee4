/** The `Digits` pre-tokenizer: numbers (every `\p{N}`) stand alone, one by one or as runs. */
import { asBoolean } from '../reading/fields.js'
import { readSettings, type Step } from '../reading/steps.js'
import { classAt, endOfRun, NUMBER, widthAt } from './character-class.js'
import type { PreTokenizer } from './pre-tokenizer.js'

export function digits(individual: boolean): PreTokenizer {
  return (text, start, end, emit, origin) => {
    let from = start
    for (let at = start; at < end;) {
      if (classAt(text, at) !== NUMBER) {
        at += widthAt(text, at)
        continue
      }
      if (at > from) emit(text, from, at, origin)
      from = individual ? at + widthAt(text, at) : endOfRun(text, at, end, NUMBER)
      emit(text, at, from, origin)
      at = from
    }
    if (from < end) emit(text, from, end, origin)
  }
}

export function readDigits(step: Step): PreTokenizer {
  return digits(readSettings(step, { individual_digits: asBoolean }).individual_digits)
}
