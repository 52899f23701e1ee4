import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { IdBuffer } from '../id-buffer.js'
import { Unigram } from './unigram.js'

const TOKENS = ['?', 'a', 'b', 'ab', 'ba', 'aab', 'bb', '日', '日a', '🤚b']

/** The definition: the score of every way to cut the text, unknown characters alone, the best of them. */
function bestScore(text: readonly string[], scores: Float64Array, unknown: number): number {
  if (text.length === 0) return 0
  let best = -Infinity
  for (let count = 1; count <= text.length; count++) {
    const id = TOKENS.indexOf(text.slice(0, count).join(''))
    const score = id >= 0 ? scores[id] : count === 1 ? unknown : -Infinity
    if (score > -Infinity) best = Math.max(best, score + bestScore(text.slice(count), scores, unknown))
  }
  return best
}

const characters = fc.array(fc.constantFrom('a', 'b', '日', '🤚', 'x'), { maxLength: 10 })
const someScores = fc.array(fc.integer({ min: -40, max: -1 }), { minLength: TOKENS.length, maxLength: TOKENS.length })

describe('Unigram', () => {
  it('finds a path of the best score, and spans that cover the text', () => {
    fc.assert(
      fc.property(characters, someScores, (text, list) => {
        const scores = Float64Array.from(list)
        const vocabulary = new Map(TOKENS.map((token, id) => [token, id]))
        const model = new Unigram({ vocabulary, scores, unknownId: 0, byteIds: undefined })
        const whole = text.join('')
        const room = model.room(whole.length)
        const symbols = new Int32Array(room)
        const spans = new Int32Array(room * 2)
        const found = symbols.subarray(0, model.write(whole, 0, whole.length, symbols, spans))
        const unknown = Math.min(...list) - 10
        let score = 0
        let at = 0
        found.forEach((id, i) => {
          const piece = whole.slice(spans[2 * i], spans[2 * i + 1])
          expect(spans[2 * i]).toBe(at)
          at = spans[2 * i + 1]
          if (id !== 0) expect(piece).toBe(TOKENS[id])
          score += id === 0 ? unknown * Array.from(piece).length : scores[id]
        })
        expect(at).toBe(whole.length)
        expect(score).toBe(bestScore(text, scores, unknown))
        const ids = new IdBuffer(1)
        model.encode(whole, 0, whole.length, ids)
        expect([...ids.toArray()]).toEqual([...found])
      }),
      { numRuns: 300 },
    )
  })
})
