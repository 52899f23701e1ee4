/** The numbers of a weight that is already in memory: for ops that need plain float32. */
import { q4BlockBytes, weightBlockSize } from '@retnet/core'
import { type CpuWeight, groupedBlock, rowsOf, widen } from './weight.js'

export function unpackWeight(weight: CpuWeight): Float32Array {
  const { encoding, address, scales, scaleStride } = weight.layout
  const [rows, columns] = rowsOf(weight.type)
  const size = rows * columns
  if (encoding === 'f32') return weight.engine.floats(address, size)
  if (encoding === 'f16') {
    const bytes = weight.engine.bytes(address, size * 2)
    return Float32Array.from(new Uint16Array(bytes.buffer, bytes.byteOffset, size), widen)
  }
  const blockBytes = encoding === 'q8' ? weightBlockSize : q4BlockBytes
  const whole = encoding === 'q8' ? wholeByte : wholeNibble
  const bytes = weight.engine.bytes(address, scales - address)
  const factors = weight.engine.floats(scales, bytes.length / blockBytes)
  const values = new Float32Array(size)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const block = groupedBlock(row, Math.floor(column / weightBlockSize), scaleStride)
      values[row * columns + column] = whole(bytes, block * blockBytes, column % weightBlockSize) * factors[block]
    }
  }
  return values
}

function wholeByte(bytes: Uint8Array, block: number, place: number): number {
  return (bytes[block + place] << 24) >> 24
}

function wholeNibble(bytes: Uint8Array, block: number, place: number): number {
  const pair = bytes[block + (place % q4BlockBytes)]
  return (place < q4BlockBytes ? pair & 15 : pair >> 4) - 8
}
