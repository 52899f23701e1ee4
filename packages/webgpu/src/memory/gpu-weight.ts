import { type DeviceWeight, DisposedError, type TensorType, type WeightData, type WeightEncoding } from '@retnet/core'
import type { GpuMemory } from './gpu-memory.js'

/** A weight on the device: its numbers as stored, and for q8 its scales in a buffer of their own. */
export class GpuWeight implements DeviceWeight {
  readonly type: TensorType
  readonly encoding: WeightEncoding
  readonly bytes: number
  readonly #memory: GpuMemory
  #buffers: { data: GPUBuffer; scales: GPUBuffer | null } | null

  constructor(memory: GpuMemory, name: string, weight: WeightData) {
    this.type = weight.type
    this.encoding = weight.encoding
    this.#memory = memory
    const data = memory.upload(name, weight.data as ArrayBufferView<ArrayBuffer>)
    const scales = weight.scales ? memory.upload(`${name} scales`, weight.scales as ArrayBufferView<ArrayBuffer>) : null
    this.#buffers = { data, scales }
    this.bytes = data.size + (scales?.size ?? 0)
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
