/** Pre-tokenizers that few files have: `CharDelimiterSplit`, `FixedLength`. */
import { asCharacter, asId, need, orElse } from '../reading/fields.js'
import { readSettings, type Step } from '../reading/steps.js'
import { widthAt } from './character-class.js'
import type { PreTokenizer } from './pre-tokenizer.js'
import { findCharacters, splitBy } from './split-by.js'

export function readCharDelimiter(step: Step): PreTokenizer {
  const { delimiter } = readSettings(step, { delimiter: asCharacter })
  return splitBy(
    findCharacters((text, at) => text.startsWith(delimiter, at)),
    'Removed',
  )
}

export function readFixedLength(step: Step): PreTokenizer {
  const { length } = readSettings(step, { length: orElse(asId, 5) })
  need(length > 0, `${step.path}.length`, 'at least 1', length)
  return (text, start, end, emit, origin) => {
    for (let from = start; from < end;) {
      let to = from
      for (let i = 0; i < length && to < end; i++) to += widthAt(text, to)
      emit(text, from, to, origin)
      from = to
    }
  }
}
