/** Small and obvious encoders of weights. The exact numbers that they stand for come from core's `decodeWeight`. */
import { type TensorType, type WeightData, type WeightEncoding, q4BlockBytes, weightBlockSize } from '@retnet/core'

export function encodeWeight(type: TensorType, encoding: WeightEncoding, values: Float32Array): WeightData {
  if (encoding === 'f32') return { type, encoding, data: values }
  if (encoding === 'f16') return { type, encoding, data: Uint16Array.from(values, halfBits) }
  const columns = type.shape[type.shape.length - 1]
  return { type, encoding, ...(encoding === 'q8' ? quantise8(values, columns) : quantise4(values, columns)) }
}

/** The largest magnitude of each block becomes 127. */
function quantise8(values: Float32Array, columns: number): Blocks<Int8Array> {
  const data = new Int8Array(values.length)
  const scales = blockStarts(values, columns).map(([start, end]) => {
    const scale = Math.fround(Math.abs(extreme(values.subarray(start, end))) / 127)
    for (let at = start; at < end; at++) data[at] = scale ? Math.round(values[at] / scale) : 0
    return scale
  })
  return { data, scales: Float32Array.from(scales) }
}

/** The largest magnitude of each block becomes -8, whatever its sign: the scale takes the sign. */
function quantise4(values: Float32Array, columns: number): Blocks<Uint8Array> {
  const starts = blockStarts(values, columns)
  const data = new Uint8Array(starts.length * q4BlockBytes)
  const scales = starts.map(([start, end], block) => {
    const scale = Math.fround(extreme(values.subarray(start, end)) / -8)
    for (let at = 0; at < weightBlockSize; at++) {
      const whole = scale && start + at < end ? Math.min(7, Math.round(values[start + at] / scale)) : 0
      data[block * q4BlockBytes + (at >> 1)] |= (whole + 8) << (4 * (at % 2))
    }
    return scale
  })
  return { data, scales: Float32Array.from(scales) }
}

interface Blocks<Data> {
  readonly data: Data
  readonly scales: Float32Array
}

/** Where each block of each row begins and ends. */
function blockStarts(values: Float32Array, columns: number): [start: number, end: number][] {
  const starts: [number, number][] = []
  for (let row = 0; row < values.length; row += columns) {
    for (let start = row; start < row + columns; start += weightBlockSize) {
      starts.push([start, Math.min(start + weightBlockSize, row + columns)])
    }
  }
  return starts
}

/** The number of the largest magnitude. */
function extreme(block: Float32Array): number {
  return block.reduce((top, value) => (Math.abs(value) > Math.abs(top) ? value : top), 0)
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
