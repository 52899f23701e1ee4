/** Pre-tokenizers that look at kinds of characters: `Whitespace`, `BertPreTokenizer`, `Punctuation`. */
import { plain, readSettings, type Step } from '../reading/steps.js'
import { widthAt } from './character-class.js'
import { characterSet } from './character-set.js'
import type { PreTokenizer } from './pre-tokenizer.js'
import { asBehavior, findCharacters, splitBy } from './split-by.js'

const isSpace = characterSet(/\p{White_Space}/u)
// All of ASCII that is no letter, digit, control or space counts, also what Unicode calls a symbol. The reference's table is that of
// Unicode 8: what came later to the basic plane is left out.
const isPunctuation = characterSet(
  /(?![\u061d\u09fd\u0a76\u0c77\u0c84\u1b4e\u1b4f\u1b7d-\u1b7f\u2e43-\u2e4f\u2e52-\u2e5d])[\p{P}\u166d!-/:-@[-`{-~]/u,
)
const isWord = characterSet(/[\p{Alphabetic}\p{M}\p{Nd}\p{Pc}\p{Join_Control}]/u)

/** Runs of characters of one class; class 0 is dropped, class 1 stands alone, others run. */
function runs(classOf: (text: string, at: number) => number): PreTokenizer {
  return (text, start, end, emit, origin) => {
    let from = start
    let running = 0
    for (let at = start; at < end; at += widthAt(text, at)) {
      const kind = classOf(text, at)
      if (kind === running && kind !== 1) continue
      if (running > 0) emit(text, from, at, origin)
      from = at
      running = kind
    }
    if (running > 0) emit(text, from, end, origin)
  }
}

const bert = runs((text, at) => (isSpace(text, at) ? 0 : isPunctuation(text, at) ? 1 : 2))
const whitespace = runs((text, at) => (isWord(text, at) ? 2 : isSpace(text, at) ? 0 : 3))

export const readBert = plain(bert)
export const readWhitespace = plain(whitespace)

export function readPunctuation(step: Step): PreTokenizer {
  const { behavior } = readSettings(step, {
    behavior: (value, path) => (value === undefined ? 'Isolated' : asBehavior(value, path)),
  })
  return splitBy(findCharacters(isPunctuation), behavior)
}
