import { describe, expect, it } from 'vitest'

import { TokenIdError } from '../errors.js'
import { readText } from '../testing/files.js'
import { readTokenizer } from '../testing/read-tokenizer.js'

const tokenizer = readTokenizer(readText('models/novels-7m/tokenizer.json'))
const idsOf = (text: string): number[] => [...tokenizer.encode(text)]

describe('createDecodeStream', () => {
  it('never gives out half a character', () => {
    const text = 'é日本🤚🏾 \ufeffx'
    const stream = tokenizer.createDecodeStream()
    const pieces = idsOf(text).map((id) => stream.push(id))
    expect(pieces.join('') + stream.flush()).toBe(text)
    expect(pieces.length).toBeGreaterThan(10)
    for (const piece of pieces) expect(piece).not.toMatch(/\ufffd|\p{Surrogate}/u)
  })

  it('keeps a byte order mark at the start', () => {
    const stream = tokenizer.createDecodeStream()
    const text = idsOf('\ufeffa').map((id) => stream.push(id))
    expect(text.join('') + stream.flush()).toBe('\ufeffa')
  })

  it('marks a character that never ended when flushed, then starts afresh', () => {
    const stream = tokenizer.createDecodeStream()
    const [first] = idsOf('日')
    expect(stream.push(first)).toBe('')
    expect(stream.flush()).toBe('\ufffd')
    expect(
      idsOf('日')
        .map((id) => stream.push(id))
        .join(''),
    ).toBe('日')
  })

  it('goes on after a bad id as if it had not come', () => {
    const stream = tokenizer.createDecodeStream()
    const [first, ...rest] = idsOf('日')
    stream.push(first)
    expect(() => stream.push(4096)).toThrow(TokenIdError)
    expect(rest.map((id) => stream.push(id)).join('')).toBe('日')
  })

  it('leaves special tokens out on request, also inside a character', () => {
    const stream = tokenizer.createDecodeStream({ skipSpecialTokens: true })
    const [first, ...rest] = idsOf('日')
    expect([first, 0, ...rest].map((id) => stream.push(id)).join('')).toBe('日')
  })
})
