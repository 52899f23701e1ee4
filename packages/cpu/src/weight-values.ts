/** The numbers of a weight that is already in memory: for ops that need plain float32. */
import { q4BlockBytes, weightBlockSize } from '@retnet/core'
import { type CpuWeight, rowsOf, widen } from './weight.js'

export function unpackWeight(weight: CpuWeight): Float32Array {
  const { encoding, address, rowStride, scales, scaleStride } = weight.layout
  const [rows, columns] = rowsOf(weight.type)
  const size = rows * columns
  if (encoding === 'f32') return weight.engine.floats(address, size)
  const bytes = weight.engine.bytes(address, encoding === 'f16' ? size * 2 : bytesOf(encoding, rows * rowStride))
  if (encoding === 'f16') return Float32Array.from(new Uint16Array(bytes.buffer, bytes.byteOffset, size), widen)
  const factors = weight.engine.floats(scales, rows * scaleStride)
  const whole = encoding === 'q8' ? wholeByte : wholeNibble
  const values = new Float32Array(size)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const scale = factors[row * scaleStride + Math.floor(column / weightBlockSize)]
      values[row * columns + column] = whole(bytes, row * rowStride + column) * scale
    }
  }
  return values
}

function bytesOf(encoding: 'q8' | 'q4', elements: number): number {
  return encoding === 'q8' ? elements : elements / 2
}

function wholeByte(bytes: Uint8Array, at: number): number {
  return (bytes[at] << 24) >> 24
}

/** As `placeNibbles` laid them out. */
function wholeNibble(bytes: Uint8Array, at: number): number {
  const [block, place] = [Math.floor(at / weightBlockSize), at % weightBlockSize]
  const pair = bytes[block * q4BlockBytes + (place % q4BlockBytes)]
  return (place < q4BlockBytes ? pair & 15 : pair >> 4) - 8
}
