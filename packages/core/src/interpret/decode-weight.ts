import { type WeightData, q8BlockSize } from '../contract/weight.js'
import { asMatrix } from '../graph/shape-rules.js'

/** The numbers of a weight, whatever its encoding. */
export function decodeWeight(weight: WeightData): Float64Array {
  if (weight.encoding === 'f32') return Float64Array.from(weight.data)
  if (weight.encoding === 'f16') return Float64Array.from(weight.data, halfToNumber)
  const [, columns] = asMatrix(weight.type.shape)
  const blocks = Math.ceil(columns / q8BlockSize)
  return Float64Array.from(weight.data, (byte, at) => {
    const block = Math.floor((at % columns) / q8BlockSize)
    return byte * weight.scales![Math.floor(at / columns) * blocks + block]
  })
}

/** The value of IEEE 754 binary16 bits. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 0) return sign * fraction * 2 ** -24
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}
