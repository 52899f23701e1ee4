import type { TensorData, TensorType } from '@retnet/core'
import { fromHalves, storedBytes } from './state-storage.js'

export interface BufferToRead {
  readonly buffer: GPUBuffer
  readonly type: TensorType
  /** The buffer holds f32 numbers in halves. */
  readonly half?: boolean
  /** Bytes at which equal parts of the result begin; one part at 0 if absent. */
  readonly offsets?: readonly number[]
}

/** Encodes copies into one staging buffer; call the result after the submit to await the numbers. */
export function encodeReads(
  device: GPUDevice,
  encoder: GPUCommandEncoder,
  reads: readonly BufferToRead[],
): () => Promise<TensorData[]> {
  const sizes = reads.map(({ type, half = false }) => storedBytes(type.shape, half))
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (total === 0) return async () => reads.map((read) => view(read, new ArrayBuffer(0)))
  const staging = device.createBuffer({
    label: 'read-back',
    size: total,
    usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
  })
  let offset = 0
  reads.forEach(({ buffer, offsets = [0] }, index) => {
    const part = sizes[index] / offsets.length
    for (const from of sizes[index] ? offsets : []) {
      encoder.copyBufferToBuffer(buffer, from, staging, offset, part)
      offset += part
    }
  })
  return async () => {
    try {
      await staging.mapAsync(GPUMapMode.READ)
      const bytes = staging.getMappedRange().slice(0)
      let at = 0
      return reads.map((read, index) => {
        const part = bytes.slice(at, at + sizes[index])
        at += sizes[index]
        return view(read, part)
      })
    } finally {
      staging.destroy()
    }
  }
}

function view({ type, half = false }: BufferToRead, bytes: ArrayBuffer): TensorData {
  if (half) return fromHalves(new Uint16Array(bytes))
  return type.dtype === 'i32' ? new Int32Array(bytes) : new Float32Array(bytes)
}
