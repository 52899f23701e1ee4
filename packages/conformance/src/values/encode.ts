/** Small and obvious encoders of weights. The exact numbers that they stand for come from core's `decodeWeight`. */
import { type TensorType, type WeightData, type WeightEncoding, q8BlockSize } from '@retnet/core'

export function encodeWeight(type: TensorType, encoding: WeightEncoding, values: Float32Array): WeightData {
  if (encoding === 'f32') return { type, encoding, data: values }
  if (encoding === 'f16') return { type, encoding, data: Uint16Array.from(values, halfBits) }
  return { type, encoding, ...quantise(values, type.shape[type.shape.length - 1]) }
}

/** Each block of a row is scaled so that its largest magnitude becomes 127. */
function quantise(values: Float32Array, columns: number): { data: Int8Array; scales: Float32Array } {
  const data = new Int8Array(values.length)
  const scales: number[] = []
  for (let row = 0; row < values.length; row += columns) {
    for (let start = row; start < row + columns; start += q8BlockSize) {
      const end = Math.min(start + q8BlockSize, row + columns)
      const largest = values.subarray(start, end).reduce((top, value) => Math.max(top, Math.abs(value)), 0)
      const scale = Math.fround(largest / 127)
      scales.push(scale)
      for (let at = start; at < end; at++) data[at] = scale ? Math.round(values[at] / scale) : 0
    }
  }
  return { data, scales: Float32Array.from(scales) }
}

/** Bits of the IEEE 754 binary16 nearest to x, ties to even. */
export function halfBits(x: number): number {
  const sign = x < 0 || Object.is(x, -0) ? 0x8000 : 0
  const size = Math.abs(x)
  if (Number.isNaN(x)) return 0x7e00
  // 65520 is half way between the largest half, 65504, and the next power of two
  if (size >= 65520) return sign | 0x7c00
  if (size < 2 ** -14) return sign | roundEven(size * 2 ** 24)
  const exponent = Math.floor(Math.log2(size))
  // a fraction that rounds up to 2048 carries into the exponent by itself
  return sign | (((exponent + 14) << 10) + roundEven(size * 2 ** (10 - exponent)))
}

function roundEven(x: number): number {
  const below = Math.floor(x)
  const rest = x - below
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below
}
