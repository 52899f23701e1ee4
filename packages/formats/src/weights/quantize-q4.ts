import { type WeightData, q4BlockBytes, weightBlockSize, weightLengths } from '@retnet/core'

/**
 * Where the value of the largest magnitude of a block may come to lie, in steps from zero: at the end of the longer side, -8, or near it,
 * which cuts it off or leaves room, and at the end of the shorter side, for blocks whose other values lie there.
 */
const places = [-8, -7.7, -7.4, -7, -8.3, -8.6, -9, 7, 7.4, 6.7]

/**
 * 4-bit blocks: of every `weightBlockSize` neighbours on the last axis, value = (bits - 8) * scale, two values a byte. Of the scales tried
 * for a block the one with the smallest squared error is taken, and its sign makes the asymmetric range -8 to 7 fit.
 */
export function quantizeQ4(values: Float32Array, shape: readonly number[]): WeightData {
  const columns = shape[shape.length - 1]
  const lengths = weightLengths(shape, 'q4')
  const data = new Uint8Array(lengths.data)
  const scales = new Float32Array(lengths.scales)
  let block = 0
  for (let row = 0; row < values.length; row += columns) {
    for (let start = row; start < row + columns; start += weightBlockSize) {
      const end = Math.min(start + weightBlockSize, row + columns)
      const scale = bestScale(values, start, end)
      scales[block] = scale
      packBlock(values, start, end, scale, data, q4BlockBytes * block++)
    }
  }
  return { type: { dtype: 'f32', shape }, encoding: 'q4', data, scales }
}

/** The scale with the smallest squared error among those that `places` leads to; 0 for a block of zeros. */
function bestScale(values: Float32Array, start: number, end: number): number {
  let extreme = 0
  for (let at = start; at < end; at++) if (Math.abs(values[at]) > Math.abs(extreme)) extreme = values[at]
  if (extreme === 0) return 0
  let [best, most] = [0, 0]
  for (const place of places) {
    const inverse = place / extreme
    let [product, square] = [0, 0]
    for (let at = start; at < end; at++) {
      const whole = wholeOf(values[at] * inverse)
      product += whole * values[at]
      square += whole * whole
    }
    // least squares: of all scales for these whole numbers product / square is the best, and it explains so much of the block
    const explained = (product * product) / square
    if (explained > most) [best, most] = [product / square, explained]
  }
  return Math.fround(best)
}

function packBlock(
  values: Float32Array,
  start: number,
  end: number,
  scale: number,
  data: Uint8Array,
  target: number,
): void {
  const inverse = scale === 0 ? 0 : 1 / scale
  for (let at = start; at < start + weightBlockSize; at += 2) {
    const low = at < end ? wholeOf(values[at] * inverse) : 0
    const high = at + 1 < end ? wholeOf(values[at + 1] * inverse) : 0
    data[target++] = (low + 8) | ((high + 8) << 4)
  }
}

/** The nearest whole number from -8 to 7. */
function wholeOf(x: number): number {
  const bits = (x + 8.5) | 0
  return (bits < 0 ? 0 : bits > 15 ? 15 : bits) - 8
}
