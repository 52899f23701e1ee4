/** Weights as they travel from a checkpoint to a backend. */
import type { TensorType } from './tensor.js'

/**
 * How the numbers of a weight are stored.
 * `f32`, `f16`: IEEE little-endian, row-major. `q8`: see `blockSize`.
 */
export type WeightEncoding = 'f32' | 'f16' | 'q8'

/** Elements of the last axis that share one scale in `q8`; the last block of a row may be shorter. */
export const q8BlockSize = 32

/** A weight in host memory. `type` is always the logical type: `f32` with the shape of the unpacked tensor. */
export interface WeightData {
  /** For messages of errors: what the model calls it. */
  readonly name?: string
  readonly type: TensorType
  readonly encoding: WeightEncoding
  /** f32: 4 bytes an element; f16: 2 bytes; q8: 1 signed byte an element, value = byte * scale of its block. */
  readonly data: Float32Array | Uint16Array | Int8Array
  /** q8 only: [rows, ceil(columns / q8BlockSize)], rows = product of all axes but the last. */
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
