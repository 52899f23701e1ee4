import {
  type DeviceWeight,
  DisposedError,
  type TensorType,
  type WeightData,
  type WeightEncoding,
  GraphError,
  requireWeight,
} from '@retnet/core'
import type { GpuMemory } from './gpu-memory.js'

/** What the kernels read. */
export type GpuEncoding = Exclude<WeightEncoding, 'q4'>

export interface WeightBuffers {
  readonly data: GPUBuffer
  readonly scales: GPUBuffer | null
}

/** A weight on the device: its numbers as stored, and for q8 its scales in a buffer of their own. */
export class GpuWeight implements DeviceWeight {
  readonly type: TensorType
  readonly encoding: GpuEncoding
  readonly bytes: number
  readonly memory: GpuMemory
  readonly #data: GPUBuffer
  readonly #scales: GPUBuffer | null
  #users = 1
  #disposed = false

  /** Takes over the buffers. */
  constructor(memory: GpuMemory, type: TensorType, encoding: GpuEncoding, { data, scales }: WeightBuffers) {
    this.type = type
    this.encoding = encoding
    this.memory = memory
    this.#data = data
    this.#scales = scales
    this.bytes = data.size + (scales?.size ?? 0)
  }

  static upload(memory: GpuMemory, weight: WeightData): GpuWeight {
    requireWeight(weight)
    const { type, encoding, data, scales, name } = weight
    if (encoding === 'q4')
      throw new GraphError('upload: this backend holds weights as f32, f16 or q8, got q4. Load with dtype: q8.')
    const what = `weight ${name ? `${name} ` : ''}[${type.shape.join(', ')}] ${encoding}`
    return new GpuWeight(memory, type, encoding, {
      data: memory.upload(what, data as ArrayBufferView<ArrayBuffer>),
      scales: scales ? memory.upload(`scales of ${what}`, scales as ArrayBufferView<ArrayBuffer>) : null,
    })
  }

  buffer(part: 'data' | 'scales'): GPUBuffer {
    return part === 'data' ? this.#data : this.#scales!
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
    this.memory.destroy(this.#data)
    if (this.#scales) this.memory.destroy(this.#scales)
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
