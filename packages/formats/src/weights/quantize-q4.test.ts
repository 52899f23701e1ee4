import { decodeWeight, type WeightData } from '@retnet/core'
import { expect, test } from 'vitest'
import { quantizeQ4 } from './quantize-q4.js'

/** Values like those of a weight: many small ones, some large, the same every time. */
function values(count: number): Float32Array {
  let seed = 1
  const next = () => (seed = (seed * 48271) % 2147483647) / 2147483647
  return Float32Array.from({ length: count }, () => (next() + next() + next() + next() - 2) * 0.05)
}

function squaredError(exact: Float32Array, weight: WeightData): number {
  return decodeWeight(weight).reduce((sum, value, at) => sum + (value - exact[at]) ** 2, 0)
}

/** The obvious twin: every scale from a fine grid, on both sides of zero, and each value to its nearest step. */
function leastError(block: Float32Array): number {
  const top = Math.max(...block.map(Math.abs))
  let least = Number.POSITIVE_INFINITY
  for (let part = 0.5; part <= 1.5; part += 0.002) {
    for (const scale of [(part * top) / 8, (-part * top) / 8]) {
      const error = block.reduce((sum, value) => {
        const whole = Math.max(-8, Math.min(7, Math.round(value / scale)))
        return sum + (value - whole * scale) ** 2
      }, 0)
      least = Math.min(least, error)
    }
  }
  return least
}

test('the error of a block is close to the least that any scale gives', () => {
  const exact = values(64 * 32)
  const least = Array.from({ length: 64 }, (_, block) => leastError(exact.subarray(block * 32, block * 32 + 32)))
  const total = least.reduce((sum, error) => sum + error, 0)
  const actual = squaredError(exact, quantizeQ4(exact, [64, 32]))
  expect(actual).toBeGreaterThan(total * 0.999)
  expect(actual).toBeLessThan(total * 1.05)
})

test('rows that end inside a block are filled up with zeros and read back', () => {
  for (const columns of [1, 31, 33, 63, 100]) {
    const exact = values(3 * columns)
    const weight = quantizeQ4(exact, [3, columns])
    const blocks = Math.ceil(columns / 32)
    expect([weight.data.length, weight.scales!.length]).toEqual([3 * blocks * 16, 3 * blocks])
    const last = weight.data[blocks * 16 - 1]
    if (columns % 32 !== 0) expect(last >> 4).toBe(8)
    const energy = exact.reduce((sum, value) => sum + value ** 2, 0)
    expect(squaredError(exact, weight)).toBeLessThan(energy * 0.01)
  }
})

test('a block of zeros, and a block of one value of either sign, are exact', () => {
  const exact = new Float32Array(96)
  exact[40] = -3
  exact[70] = 5
  // a zero times a negative scale is -0
  expect([...decodeWeight(quantizeQ4(exact, [1, 96]))].map((value) => value + 0)).toEqual([...exact])
})
