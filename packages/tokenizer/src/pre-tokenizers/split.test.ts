import { describe, expect, it } from 'vitest'

import { readJson } from '../testing/files.js'
import type { PreTokenizer } from './pre-tokenizer.js'
import { splitCl100k } from './split-cl100k.js'
import { splitGpt2 } from './split-gpt2.js'

// The patterns as JavaScript reads them; \s is spelt out because JavaScript's has U+FEFF and lacks U+0085.
const S = '\\p{White_Space}'
const gpt2 = new RegExp(
  `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${S}\\p{L}\\p{N}]+|${S}+(?!\\P{White_Space})|${S}+`,
  'gu',
)
const cl100k = (digits: string): RegExp =>
  new RegExp(
    `'[sStTmMdD\u017f]|'[rRvV][eE]|'[lL]{2}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}${digits}| ?[^${S}\\p{L}\\p{N}]+[\\r\\n]*|` +
      `${S}*[\\r\\n]+|${S}+(?!\\P{White_Space})|${S}+`,
    'gu',
  )

const { texts } = readJson('packages/tokenizer/fixtures/reference.json') as { texts: string[] }
const atoms = [
  "'",
  's',
  "'ll",
  "'RE",
  ' ',
  '  ',
  '\n',
  '\r\n',
  '\t',
  'é',
  '日',
  '😀',
  '𝔸',
  '𝟙',
  '1',
  '23',
  '²',
  '.',
  '\ufeff',
  '\u0085',
]

function* samples(): Generator<string> {
  yield* texts
  for (let i = 0; i < 3000; i++) {
    let text = ''
    for (let n = i; n > 0; n = Math.floor(n / atoms.length)) text += atoms[n % atoms.length]
    yield text
  }
}

function pieces(split: PreTokenizer, text: string): string[] {
  const found: string[] = []
  // Set between other text, to see that nothing outside the bounds is looked at.
  const around = `x${text}x`
  split(around, 1, around.length - 1, (t, start, end) => found.push(t.slice(start, end)))
  return found
}

describe('scanners', () => {
  it('splitGpt2 cuts where the pattern does', () => {
    for (const text of samples()) expect(pieces(splitGpt2, text), text).toEqual(text.match(gpt2) ?? [])
  })

  it.each([
    [1, ''],
    [3, '{1,3}'],
  ])('splitCl100k with %i digits cuts where the pattern does', (digits, quantifier) => {
    const pattern = cl100k(quantifier)
    for (const text of samples()) expect(pieces(splitCl100k(digits), text), text).toEqual(text.match(pattern) ?? [])
  })
})
