/** The numbers of a weight that is already in memory: for ops that need plain float32. */
import { weightBlockSize } from '@retnet/core'
import { type CpuWeight, rowsOf, widen } from './weight.js'

export function unpackWeight(weight: CpuWeight): Float32Array {
  const { encoding, address, rowStride, scales, scaleStride } = weight.layout
  const [rows, columns] = rowsOf(weight.type)
  const size = rows * columns
  if (encoding === 'f32') return weight.engine.floats(address, size)
  const bytes = weight.engine.bytes(address, encoding === 'f16' ? size * 2 : rows * rowStride)
  if (encoding === 'f16') return Float32Array.from(new Uint16Array(bytes.buffer, bytes.byteOffset, size), widen)
  const factors = weight.engine.floats(scales, rows * scaleStride)
  const signed = new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length)
  const values = new Float32Array(size)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const scale = factors[row * scaleStride + Math.floor(column / weightBlockSize)]
      values[row * columns + column] = signed[row * rowStride + column] * scale
    }
  }
  return values
}
