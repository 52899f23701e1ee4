/**
 * The snapshot file: a state that any backend can read, on any machine.
 *
 *     8 bytes   "RETNET\r\n"
 *     u32       version (1)
 *     u32       bytes of the header
 *     u32       CRC-32 of the header
 *     header    JSON, UTF-8: SnapshotHeader
 *     blocks    one after another in the order of the header, little-endian
 */
import type { DType } from '../contract/tensor.js'

export const magic = Uint8Array.from([0x52, 0x45, 0x54, 0x4e, 0x45, 0x54, 0x0d, 0x0a])
export const version = 1
export const preambleBytes = 20
/** No real header comes near this; a larger number is a corrupt or hostile length field. */
export const maxHeaderBytes = 2 ** 22

export interface SnapshotIdentity {
  /** `fingerprintOf(spec)`. */
  readonly spec: string
  /** Fingerprint of the checkpoint's weights as stored. */
  readonly weights: string
  /** Fingerprint of the tokenizer, when the session knows one. */
  readonly tokenizer?: string
}

export interface SnapshotBlock {
  readonly name: string
  readonly dtype: DType
  readonly shape: readonly number[]
  readonly bytes: number
  readonly crc32: number
}

export interface SnapshotHeader {
  readonly identity: SnapshotIdentity
  /** Tokens that the state has seen. */
  readonly position: number
  readonly blocks: readonly SnapshotBlock[]
}

/** One tensor of a snapshot: part of the model's state, or something a session keeps beside it. */
export interface SnapshotTensor {
  readonly shape: readonly number[]
  readonly data: Float32Array | Int32Array
}

export interface Snapshot {
  readonly identity: SnapshotIdentity
  readonly position: number
  readonly tensors: Readonly<Record<string, SnapshotTensor>>
}
