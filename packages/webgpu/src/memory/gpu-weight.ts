import {
  type DeviceWeight,
  DisposedError,
  type TensorType,
  type WeightData,
  type WeightEncoding,
  requireWeight,
} from '@retnet/core'
import type { WeightPiece } from '../compile/lowering.js'
import type { GpuMemory } from './gpu-memory.js'
import { cutRows, rowsOf } from './weight-pieces.js'

/** Rows of a weight, and the buffers that hold them: the numbers as stored and, for quantised weights, the scales. */
export interface GpuWeightPiece extends WeightPiece {
  readonly data: GPUBuffer
  readonly scales: GPUBuffer | null
}

/** A weight on the device; cut into pieces where it is larger than a buffer can be. */
export class GpuWeight implements DeviceWeight {
  readonly type: TensorType
  readonly encoding: WeightEncoding
  readonly bytes: number
  readonly memory: GpuMemory
  readonly pieces: readonly GpuWeightPiece[]
  #users = 1
  #disposed = false

  /** Takes over the buffers. */
  constructor(memory: GpuMemory, type: TensorType, encoding: WeightEncoding, pieces: readonly GpuWeightPiece[]) {
    this.type = type
    this.encoding = encoding
    this.memory = memory
    this.pieces = pieces
    this.bytes = pieces.reduce((total, { data, scales }) => total + data.size + (scales?.size ?? 0), 0)
  }

  static upload(memory: GpuMemory, weight: WeightData): GpuWeight {
    requireWeight(weight)
    const { type, encoding, data, scales, name } = weight
    const what = `weight ${name ? `${name} ` : ''}[${type.shape.join(', ')}] ${encoding}`
    const pieces = cutRows(type, encoding, memory.largest).map((piece) => ({
      ...piece,
      data: memory.upload(what, rowsOf(data, type, piece)),
      scales: scales ? memory.upload(`scales of ${what}`, rowsOf(scales, type, piece)) : null,
    }))
    return new GpuWeight(memory, type, encoding, pieces)
  }

  buffer(part: 'data' | 'scales', piece: number): GPUBuffer {
    return this.pieces[piece][part]!
  }

  requireLive(): void {
    if (this.#disposed) throw new DisposedError('a weight')
  }

  /** A program uses the weight: its memory stays until `release`, even if the owner disposes of it before. */
  retain(): void {
    this.requireLive()
    this.#users++
  }

  release(): void {
    if (--this.#users > 0) return
    for (const { data, scales } of this.pieces) {
      this.memory.destroy(data)
      if (scales) this.memory.destroy(scales)
    }
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.release()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}
