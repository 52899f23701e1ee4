/** Weights as they travel from a checkpoint to a backend. */
import { type Shape, type TensorType, sizeOf } from './tensor.js'

/**
 * How the numbers of a weight are stored, row-major, a row being the last axis.
 * `f32`, `f16`: IEEE little-endian. `q8`, `q4`: whole numbers of 8 and 4 bits, and a scale for each block of `weightBlockSize` neighbours.
 */
export type WeightEncoding = 'f32' | 'f16' | 'q8' | 'q4'

/** Elements of the last axis that share one scale in `q8` and `q4`; the last block of a row may be shorter. */
export const weightBlockSize = 32

/** Bytes of one block of `q4`, in memory and in the tensors `MatMulNBits` of ONNX Runtime reads (4 bits, blocks of 32, no zero points). */
export const q4BlockBytes = weightBlockSize / 2

/** A weight in host memory. `type` is always the logical type: `f32` with the shape of the unpacked tensor. */
export interface WeightData {
  /** For messages of errors: what the model calls it. */
  readonly name?: string
  readonly type: TensorType
  readonly encoding: WeightEncoding
  /**
   * rows = product of all axes but the last, columns = the last.
   * f32 (Float32Array), f16 (Uint16Array): one number an element.
   * q8 (Int8Array): one signed byte an element; value = byte * scale of its block.
   * q4 (Uint8Array): [rows, ceil(columns / weightBlockSize) * q4BlockBytes], two elements a byte, the earlier one in the low four bits;
   * value = (bits - 8) * scale of its block. A short last block is filled up with the bits 8, which stand for 0.
   */
  readonly data: Float32Array | Uint16Array | Int8Array | Uint8Array
  /** q8 and q4 only: [rows, ceil(columns / weightBlockSize)]. A scale may be negative. */
  readonly scales?: Float32Array
}

/** A weight in a backend's memory. Only the backend that made it can read it. */
export interface DeviceWeight {
  readonly type: TensorType
  readonly encoding: WeightEncoding
  readonly bytes: number
  dispose(): void
  [Symbol.dispose](): void
}

/** True for the encodings that have scales. */
export function isQuantized(encoding: WeightEncoding): encoding is 'q8' | 'q4' {
  return encoding === 'q8' || encoding === 'q4'
}

/** Elements of `data` and `scales` of a weight of this shape. */
export function weightLengths(shape: Shape, encoding: WeightEncoding): { data: number; scales: number } {
  if (!isQuantized(encoding)) return { data: sizeOf(shape), scales: 0 }
  const columns = shape[shape.length - 1] ?? 1
  const rows = columns === 0 ? 0 : sizeOf(shape) / columns
  const blocks = rows * Math.ceil(columns / weightBlockSize)
  return { data: encoding === 'q8' ? rows * columns : blocks * q4BlockBytes, scales: blocks }
}
