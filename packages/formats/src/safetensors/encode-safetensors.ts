/** A safetensors file in memory. For files that do not fit there, see `writeSafetensors`. */
import { planLayout, planTensor, type TensorData, type TensorInput } from './plan-layout.js'

/** Encodes tensors. The same tensors give the same bytes, whatever order they come in. */
export function encodeSafetensors(
  tensors: Iterable<TensorInput>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const file = 'safetensors'
  const plans = [...tensors].map((tensor) => planTensor(file, tensor))
  const layout = planLayout(file, plans, metadata)
  const bytes = new Uint8Array(layout.size)
  bytes.set(layout.head)
  let offset = layout.head.byteLength
  for (const tensor of layout.tensors) {
    bytes.set(bytesOf(tensor.data), offset)
    offset += tensor.bytes
  }
  return bytes
}

/** The memory of a typed array, not copied. */
export function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}
