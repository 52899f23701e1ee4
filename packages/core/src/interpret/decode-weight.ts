import { type WeightData, q4BlockBytes, weightBlockSize } from '../contract/weight.js'
import { asMatrix } from '../graph/shape-rules.js'

/** The numbers of a weight, whatever its encoding. */
export function decodeWeight(weight: WeightData): Float64Array {
  const { encoding, data } = weight
  if (encoding === 'f32') return Float64Array.from(data)
  if (encoding === 'f16') return Float64Array.from(data, halfToNumber)
  if (encoding === 'q8') return decodeBlocks(weight, (row, column, columns) => data[row * columns + column])
  return decodeBlocks(weight, (row, column, columns) => {
    const rowBytes = Math.ceil(columns / weightBlockSize) * q4BlockBytes
    const pair = data[row * rowBytes + (column >> 1)]
    return (column % 2 === 0 ? pair & 15 : pair >> 4) - 8
  })
}

/** Whole numbers, each times the scale of its block. */
function decodeBlocks(
  { type, scales }: WeightData,
  whole: (row: number, column: number, columns: number) => number,
): Float64Array {
  const [rows, columns] = asMatrix(type.shape)
  const blocks = Math.ceil(columns / weightBlockSize)
  return Float64Array.from({ length: rows * columns }, (_, at) => {
    const [row, column] = [Math.floor(at / columns), at % columns]
    return whole(row, column, columns) * scales![row * blocks + Math.floor(column / weightBlockSize)]
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
