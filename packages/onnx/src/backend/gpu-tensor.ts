import { type TensorData, type TensorType, sizeOf } from '@retnet/core'
import { type Ort, type OrtTensor, gpuTensor } from './ort.js'
import type { Span, StateTensor } from './state-tensor.js'

interface Side {
  readonly buffer: GPUBuffer
  readonly tensor: OrtTensor
}

/** In buffers of the device that the WebGPU provider runs on. */
export class GpuTensor implements StateTensor {
  readonly type: TensorType
  readonly #device: GPUDevice
  #front: Side
  #back: Side

  constructor(ort: Ort, device: GPUDevice, type: TensorType) {
    this.type = type
    this.#device = device
    const side = (): Side => {
      const buffer = createBuffer(device, sizeOf(type.shape) * 4)
      return { buffer, tensor: gpuTensor(ort, buffer, type.shape) }
    }
    this.#front = side()
    this.#back = side()
  }

  get before(): OrtTensor {
    return this.#front.tensor
  }

  get after(): OrtTensor {
    return this.#back.tensor
  }

  advance(): void {
    ;[this.#front, this.#back] = [this.#back, this.#front]
  }

  async read(): Promise<TensorData> {
    const bytes = sizeOf(this.type.shape) * 4
    const staging = this.#device.createBuffer({ size: whole(bytes), usage: usage.mapRead | usage.copyTarget })
    this.#encode((encoder) => encoder.copyBufferToBuffer(this.#front.buffer, 0, staging, 0, bytes))
    await staging.mapAsync(1)
    const data = new Float32Array(staging.getMappedRange(0, bytes).slice(0))
    staging.destroy()
    return data
  }

  write(data: TensorData, start: number): void {
    if (data.length > 0)
      this.#device.queue.writeBuffer(this.#front.buffer, start * 4, data as Float32Array<ArrayBuffer>)
  }

  clear(start: number, size: number): void {
    if (size > 0) this.#encode((encoder) => encoder.clearBuffer(this.#front.buffer, start * 4, size * 4))
  }

  /** By way of a buffer between: the device does not copy within one. */
  copy(source: GpuTensor, spans: readonly Span[]): void {
    const total = spans.reduce((sum, { size }) => sum + size, 0)
    if (total === 0) return
    const between = createBuffer(this.#device, total * 4)
    this.#encode((encoder) => {
      let at = 0
      for (const { from, size } of spans) {
        encoder.copyBufferToBuffer(source.#front.buffer, from * 4, between, at * 4, size * 4)
        at += size
      }
      at = 0
      for (const { to, size } of spans) {
        encoder.copyBufferToBuffer(between, at * 4, this.#front.buffer, to * 4, size * 4)
        at += size
      }
    })
    between.destroy()
  }

  dispose(): void {
    for (const { buffer, tensor } of [this.#front, this.#back]) {
      tensor.dispose()
      buffer.destroy()
    }
  }

  #encode(record: (encoder: GPUCommandEncoder) => void): void {
    const encoder = this.#device.createCommandEncoder()
    record(encoder)
    this.#device.queue.submit([encoder.finish()])
  }
}

/** Bits of GPUBufferUsage, which Node does not have as a global. */
const usage = { mapRead: 0x1, copySource: 0x4, copyTarget: 0x8, storage: 0x80 } as const

function createBuffer(device: GPUDevice, bytes: number): GPUBuffer {
  return device.createBuffer({ size: whole(bytes), usage: usage.storage | usage.copySource | usage.copyTarget })
}

/** The provider's own buffers are multiples of 16 bytes, and it takes no smaller ones. */
function whole(bytes: number): number {
  return Math.max(16, Math.ceil(bytes / 16) * 16)
}
