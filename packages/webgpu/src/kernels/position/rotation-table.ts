import { type RotaryAttributes, rotaryFrequencies } from '@retnet/core'

/**
 * Cosines and sines from which any position below 2^24 is composed by two complex products: [3, 256, D / 2] pairs for the
 * multiples of 1, 256 and 65,536. They are computed in float64, since WGSL's sine is too coarse for large angles.
 */
export function rotationTable(width: number, attributes: RotaryAttributes): Float32Array {
  const frequencies = rotaryFrequencies(width, attributes)
  const table = new Float32Array(3 * 256 * frequencies.length * 2)
  let at = 0
  for (const unit of [1, 256, 65536]) {
    for (let digit = 0; digit < 256; digit++) {
      for (const frequency of frequencies) {
        table[at++] = Math.cos(digit * unit * frequency)
        table[at++] = Math.sin(digit * unit * frequency)
      }
    }
  }
  return table
}
