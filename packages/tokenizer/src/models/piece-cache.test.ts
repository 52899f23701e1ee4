import { describe, expect, it } from 'vitest'

import { PieceCache } from './piece-cache.js'

const HASH = 5

function add(cache: PieceCache, text: string, ids: number[]): void {
  cache.add(cache.find(text, 0, text.length, HASH), text, 0, text.length, HASH, Int32Array.from(ids), ids.length)
}

describe('PieceCache', () => {
  it('tells pieces with one hash apart, and keeps the newest when they are too many', () => {
    const cache = new PieceCache()
    for (let i = 0; i < 100; i++) add(cache, `piece ${i}`, [i])
    let found = 0
    for (let i = 0; i < 100; i++) {
      const text = `piece ${i}`
      const at = cache.find(text, 0, text.length, HASH)
      if (at < 0) continue
      found++
      expect(cache.slots[at + 3]).toBe(i)
    }
    expect(found).toBe(16)
    expect(cache.find('piece 99', 0, 8, HASH)).toBeGreaterThanOrEqual(0)
  })

  it('knows a piece wherever it stands in a text', () => {
    const cache = new PieceCache()
    add(cache, 'abc', [1, 2])
    const at = cache.find('xxabcx', 2, 5, HASH)
    expect(cache.slots[at + 2] & 0xffff).toBe(2)
    expect([...cache.ids.subarray(cache.slots[at + 3], cache.slots[at + 3] + 2)]).toEqual([1, 2])
    expect(cache.find('xxabcx', 2, 6, HASH)).toBeLessThan(0)
  })
})
