/** A weight as the bytes that an ONNX initializer holds. */
import {
  type Shape,
  type TensorType,
  type WeightData,
  type WeightEncoding,
  weightBlockSize,
  sizeOf,
} from '@retnet/core'

/** Numbers that share a scale. */
export const blockSize = weightBlockSize

export interface HeldWeight {
  readonly type: TensorType
  readonly encoding: WeightEncoding
  /**
   * f32, f16: little-endian, row-major. Packed weights as `MatMulNBits` reads them, in blocks of 32 along the last axis:
   * q8: bytes with 128 added [rows, blocks, 32]; q4: two numbers a byte, each with 8 added [rows, blocks, 16].
   */
  readonly bytes: Uint8Array
  /** q8 and q4: [rows, blocks]. */
  readonly scales: Uint8Array | null
}

/** Copies numbers only where their form changes. */
export function holdWeight(weight: WeightData): HeldWeight {
  const { type, encoding, data, scales } = weight
  const bytes = encoding === 'q8' ? packBytes(weight) : bytesOf(data)
  return { type, encoding, bytes, scales: scales ? bytesOf(scales) : null }
}

/** [rows, columns] of a shape: all axes but the last, and the last. */
export function asMatrix(shape: Shape): readonly [rows: number, columns: number] {
  const columns = shape.at(-1) ?? 1
  return [columns === 0 ? 0 : sizeOf(shape) / columns, columns]
}

function packBytes({ type, data }: WeightData): Uint8Array {
  const [rows, columns] = asMatrix(type.shape)
  const stride = Math.ceil(columns / blockSize) * blockSize
  const bytes = new Uint8Array(rows * stride).fill(128)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      bytes[row * stride + column] = data[row * columns + column] + 128
    }
  }
  return bytes
}

export function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
