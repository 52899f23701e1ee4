import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { IdBuffer } from '../id-buffer.js'
import { WordPiece } from './word-piece.js'

const TOKENS = ['?', 'a', 'ab', 'b', '##a', '##b', '##ab', '##bb', '日', '##日', '🤚']
const vocabulary = new Map(TOKENS.map((token, id) => [token, id]))
const model = new WordPiece({ vocabulary, unknownId: 0, prefix: '##', longestWord: 8 })

/** The definition, with strings: the longest token from the left, or unknown. */
function encodePlainly(word: readonly string[]): number[] {
  if (word.length > 8) return [0]
  const ids: number[] = []
  for (let from = 0; from < word.length;) {
    let to = word.length
    const name = (): string => (from > 0 ? '##' : '') + word.slice(from, to).join('')
    while (to > from && !vocabulary.has(name())) to--
    if (to === from) return [0]
    ids.push(vocabulary.get(name())!)
    from = to
  }
  return ids
}

describe('WordPiece', () => {
  it('does what the definition says', () => {
    const words = fc.array(fc.constantFrom('a', 'b', '日', '🤚'), { minLength: 1, maxLength: 11 })
    fc.assert(
      fc.property(words, (word) => {
        const out = new IdBuffer(1)
        const text = word.join('')
        model.encode(text, 0, text.length, out)
        expect([...out.toArray()]).toEqual(encodePlainly(word))
      }),
      { numRuns: 500 },
    )
  })
})
