import { sizeOf, type TensorData, type TensorType } from '@retnet/core'

export interface BufferToRead {
  readonly buffer: GPUBuffer
  readonly type: TensorType
  /** Bytes at which equal parts of the result begin; one part at 0 if absent. */
  readonly offsets?: readonly number[]
}

/** Encodes copies into one staging buffer; call the result after the submit to await the numbers. */
export function encodeReads(
  device: GPUDevice,
  encoder: GPUCommandEncoder,
  reads: readonly BufferToRead[],
): () => Promise<TensorData[]> {
  const sizes = reads.map(({ type }) => sizeOf(type.shape) * 4)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  if (total === 0) return async () => reads.map(({ type }) => view(type, new ArrayBuffer(0)))
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
      return reads.map(({ type }, index) => {
        const part = bytes.slice(at, at + sizes[index])
        at += sizes[index]
        return view(type, part)
      })
    } finally {
      staging.destroy()
    }
  }
}

function view(type: TensorType, bytes: ArrayBuffer): TensorData {
  return type.dtype === 'i32' ? new Int32Array(bytes) : new Float32Array(bytes)
}
