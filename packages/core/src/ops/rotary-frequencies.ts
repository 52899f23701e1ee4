import type { RotaryAttributes } from '../contract/op-map.js'

/** Angle per position of each of the D / 2 rotated pairs, in float64. */
export function rotaryFrequencies(width: number, { frequencies, base }: RotaryAttributes): Float64Array {
  const pairs = width / 2
  return Float64Array.from({ length: pairs }, (_, pair) => {
    const share = frequencies === 'inclusive' ? pair / Math.max(pairs - 1, 1) : pair / pairs
    return base ** -share
  })
}
