import { expect, test } from 'vitest'
import { draw, type RandomPlace } from './draw.js'
import { philox } from './philox.js'

const ids = (count: number) => Int32Array.from({ length: count }, (_, id) => id)

/** The definition, word for word: no shortcuts, every logarithm taken. */
function slowDraw(weights: Float64Array, seed: number, index: number): number {
  const out = new Uint32Array(4)
  const times = [...weights].map((weight, id) => {
    philox(out, id >> 2, index % 2 ** 32, Math.floor(index / 2 ** 32), 0, seed % 2 ** 32, Math.floor(seed / 2 ** 32))
    const v = (out[id & 3] + 0.5) / 2 ** 32
    return weight === 0 ? Infinity : -Math.log1p(-v) / weight
  })
  return times.indexOf(Math.min(...times))
}

test.each([1, 2, 63, 100, 129])('draws from %i tokens what the definition says', (size) => {
  const weights = Float64Array.from({ length: size }, (_, id) => Math.exp(-((id * 37) % size) / 3))
  for (const seed of [0, 7, 2 ** 32, 2 ** 53 - 1]) {
    for (const index of [0, 1, 100, 2 ** 32 + 5]) {
      expect(draw(weights, ids(size), size, { seed, index })).toBe(slowDraw(weights, seed, index))
    }
  }
})

test('the order of the candidates makes no difference', () => {
  const weights = Float64Array.from({ length: 63 }, (_, id) => 1 + (id % 5))
  for (let index = 0; index < 50; index++) {
    const forward = draw(weights, ids(63), 63, { seed: 3, index })
    expect(draw(weights, ids(63).toReversed(), 63, { seed: 3, index })).toBe(forward)
  }
})

test('of two tokens that finish at the same time the lower id wins, in any order', () => {
  const [first, second] = idsWithEqualNumbers({ seed: 1, index: 0 })
  const weights = new Float64Array(second + 1).fill(1)
  for (const order of [Int32Array.of(first, second), Int32Array.of(second, first)]) {
    expect(draw(weights, order, 2, { seed: 1, index: 0 })).toBe(first)
  }
})

// among this many numbers of 32 bits some are equal, as birthdays are
function idsWithEqualNumbers({ seed, index }: RandomPlace): [number, number] {
  const owners = new Map<number, number>()
  const out = new Uint32Array(4)
  for (let id = 0; id < 2 ** 20; id++) {
    if (id % 4 === 0) philox(out, id >> 2, index, 0, 0, seed, 0)
    const owner = owners.get(out[id & 3])
    if (owner !== undefined) return [owner, id]
    owners.set(out[id & 3], id)
  }
  throw new Error('no two numbers are equal')
}

test('tokens come as often as their weights say: chi-square below the 99.9 % point', () => {
  const weights = Float64Array.of(8, 4, 2, 1, 1, 0)
  const counts = new Array<number>(6).fill(0)
  const draws = 20_000
  for (let index = 0; index < draws; index++) counts[draw(weights, ids(6), 6, { seed: 42, index })]++
  expect(counts[5]).toBe(0)
  const chiSquare = counts.slice(0, 5).reduce((sum, count, id) => {
    const expected = (weights[id] / 16) * draws
    return sum + (count - expected) ** 2 / expected
  }, 0)
  // 4 degrees of freedom
  expect(chiSquare).toBeLessThan(18.47)
})
