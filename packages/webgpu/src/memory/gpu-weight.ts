import {
  type DeviceWeight,
  DisposedError,
  type TensorType,
  type WeightData,
  type WeightEncoding,
  requireWeight,
} from '@retnet/core'
import type { GpuMemory } from './gpu-memory.js'

/** A weight on the device: its numbers as stored, and for q8 its scales in a buffer of their own. */
export class GpuWeight implements DeviceWeight {
  readonly type: TensorType
  readonly encoding: WeightEncoding
  readonly bytes: number
  readonly memory: GpuMemory
  readonly #data: GPUBuffer
  readonly #scales: GPUBuffer | null
  #users = 1
  #disposed = false

  constructor(memory: GpuMemory, weight: WeightData) {
    requireWeight(weight)
    const { type, encoding, data, scales, name } = weight
    this.type = type
    this.encoding = encoding
    this.memory = memory
    const what = `weight ${name ? `${name} ` : ''}[${type.shape.join(', ')}] ${encoding}`
    this.#data = memory.upload(what, data as ArrayBufferView<ArrayBuffer>)
    this.#scales = scales ? memory.upload(`scales of ${what}`, scales as ArrayBufferView<ArrayBuffer>) : null
    this.bytes = this.#data.size + (this.#scales?.size ?? 0)
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
