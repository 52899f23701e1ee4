import { describe, expect, it } from 'vitest'

import { mergeLong } from './merge-long.js'
import { LONGEST_SHORT_PIECE, mergeShort } from './merge-short.js'
import { addPair, createPairTable, NO_RANK, rankOf } from '../pair-table.js'

/** A repeatable source of numbers from 0 to below `limit`. */
function random(seed: number): (limit: number) => number {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/** Merges over the letters 0, 1, 2, in an order no trainer would give. */
function randomMerges(seed: number) {
  const next = random(seed)
  const tokens = ['a', 'b', 'c']
  const table = createPairTable(40)
  const ranks = Array.from({ length: 40 }, (_, i) => i)
  for (let i = 39; i > 0; i--) {
    const j = next(i + 1)
    ;[ranks[i], ranks[j]] = [ranks[j], ranks[i]]
  }
  for (const rank of ranks) {
    const left = next(tokens.length)
    const right = next(tokens.length)
    const merged = tokens[left] + tokens[right]
    if (!tokens.includes(merged)) tokens.push(merged)
    addPair(table, left, right, rank, tokens.indexOf(merged))
  }
  return table
}

/** The definition: while any pair merges, merge the leftmost pair of the lowest rank. */
function mergePlainly(table: ReturnType<typeof createPairTable>, symbols: number[]): number[] {
  for (;;) {
    const ranks = symbols.slice(1).map((right, i) => rankOf(table, symbols[i], right))
    const best = Math.min(NO_RANK, ...ranks)
    if (best === NO_RANK) return symbols
    symbols = symbols.toSpliced(ranks.indexOf(best), 2, table.values[best])
  }
}

describe('mergeShort and mergeLong', () => {
  it.each([0, 1, 2, 3, 31, 63, LONGEST_SHORT_PIECE])('follow the definition on %i symbols', (count) => {
    for (let seed = 1; seed <= 20; seed++) {
      const table = randomMerges(seed)
      const next = random(seed * 977)
      const symbols = Array.from({ length: count }, () => next(3))
      const expected = mergePlainly(table, symbols)
      for (const merge of [mergeShort, mergeLong]) {
        const work = Int32Array.from(symbols)
        expect([...work.subarray(0, merge(table, work, count))]).toEqual(expected)
      }
    }
  })

  it('agree with the definition on a long piece of one letter', () => {
    const table = randomMerges(5)
    const work = new Int32Array(1029)
    expect([...work.subarray(0, mergeLong(table, work, 1029))]).toEqual(mergePlainly(table, Array(1029).fill(0)))
  })

  it('takes a megabyte without a space', () => {
    const table = createPairTable(1)
    addPair(table, 0, 0, 0, 1)
    expect(mergeLong(table, new Int32Array(1_000_001), 1_000_001)).toBe(500_001)
  })
})
