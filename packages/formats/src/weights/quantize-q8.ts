import { type WeightData, weightBlockSize } from '@retnet/core'

/**
 * Symmetric 8-bit blocks: of every `weightBlockSize` neighbours on the last axis, value = byte * scale with scale = max |value| / 127.
 * The error of a number is at most half a scale.
 */
export function quantizeQ8(values: Float32Array, shape: readonly number[]): WeightData {
  const columns = shape[shape.length - 1]
  const blocks = Math.ceil(columns / weightBlockSize)
  const rows = values.length / columns
  const data = new Int8Array(values.length)
  const scales = new Float32Array(rows * blocks)
  for (let row = 0; row < rows; row++) {
    for (let block = 0; block < blocks; block++) {
      const start = row * columns + block * weightBlockSize
      const end = Math.min(start + weightBlockSize, (row + 1) * columns)
      scales[row * blocks + block] = quantizeBlock(values, data, start, end)
    }
  }
  return { type: { dtype: 'f32', shape }, encoding: 'q8', data, scales }
}

function quantizeBlock(values: Float32Array, data: Int8Array, start: number, end: number): number {
  let largest = 0
  for (let at = start; at < end; at++) largest = Math.max(largest, Math.abs(values[at]))
  const scale = Math.fround(largest / 127)
  if (scale === 0) return 0
  for (let at = start; at < end; at++) data[at] = Math.max(-127, Math.min(127, Math.round(values[at] / scale)))
  return scale
}
