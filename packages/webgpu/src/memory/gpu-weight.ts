import { type DeviceWeight, DisposedError, type TensorType, type WeightData, type WeightEncoding } from '@retnet/core'
import type { GpuMemory } from './gpu-memory.js'

export interface WeightBuffers {
  readonly data: GPUBuffer
  readonly scales: GPUBuffer | null
}

/** A weight on the device: its numbers as stored, and for q8 its scales in a buffer of their own. */
export class GpuWeight implements DeviceWeight {
  readonly type: TensorType
  readonly encoding: WeightEncoding
  readonly bytes: number
  readonly #memory: GpuMemory
  #buffers: WeightBuffers | null

  /** Takes over the buffers. */
  constructor(memory: GpuMemory, type: TensorType, encoding: WeightEncoding, buffers: WeightBuffers) {
    this.type = type
    this.encoding = encoding
    this.#memory = memory
    this.#buffers = buffers
    this.bytes = buffers.data.size + (buffers.scales?.size ?? 0)
  }

  static upload(memory: GpuMemory, name: string, weight: WeightData): GpuWeight {
    const data = memory.upload(name, weight.data as ArrayBufferView<ArrayBuffer>)
    const scales = weight.scales ? memory.upload(`${name} scales`, weight.scales as ArrayBufferView<ArrayBuffer>) : null
    return new GpuWeight(memory, weight.type, weight.encoding, { data, scales })
  }

  buffer(part: 'data' | 'scales'): GPUBuffer {
    if (!this.#buffers) throw new DisposedError('weight')
    return this.#buffers[part]!
  }

  dispose(): void {
    if (!this.#buffers) return
    this.#memory.destroy(this.#buffers.data)
    if (this.#buffers.scales) this.#memory.destroy(this.#buffers.scales)
    this.#buffers = null
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}
