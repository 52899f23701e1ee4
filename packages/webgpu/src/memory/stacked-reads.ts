/** One staging buffer for the outputs of many runs, stacked: what a run made is copied to its place before the next one overwrites it. */
import { type TensorData, sizeOf } from '@retnet/core'
import type { BufferToRead } from './read-buffers.js'

export class StackedReads {
  readonly #reads: readonly BufferToRead[]
  readonly #times: number
  readonly #staging: GPUBuffer | null

  constructor(device: GPUDevice, reads: readonly BufferToRead[], times: number) {
    this.#reads = reads
    this.#times = times
    const size = times * reads.reduce((sum, read) => sum + bytesOf(read), 0)
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST
    this.#staging = size === 0 ? null : device.createBuffer({ label: 'read-back of several runs', size, usage })
  }

  /** Encodes the copies of one run, from 0 to `times` - 1. */
  encode(encoder: GPUCommandEncoder, run: number): void {
    let start = 0
    for (const read of this.#reads) {
      const bytes = bytesOf(read)
      if (bytes) encoder.copyBufferToBuffer(read.buffer, 0, this.#staging!, start + run * bytes, bytes)
      start += this.#times * bytes
    }
  }

  /** Call once, after the last submit: for each output the numbers of all runs. */
  async finish(): Promise<TensorData[]> {
    try {
      await this.#staging?.mapAsync(GPUMapMode.READ)
      const all = this.#staging?.getMappedRange() ?? new ArrayBuffer(0)
      let start = 0
      return this.#reads.map((read) => {
        const part = all.slice(start, (start += this.#times * bytesOf(read)))
        return read.type.dtype === 'i32' ? new Int32Array(part) : new Float32Array(part)
      })
    } finally {
      this.#staging?.destroy()
    }
  }
}

function bytesOf({ type }: BufferToRead): number {
  return sizeOf(type.shape) * 4
}
