/** The tensors that a weight becomes in a file: one for plain numbers, several for a quantised one (see `stored-tensors.ts`). */
import { type WeightData, type WeightEncoding, weightBlockSize } from '@retnet/core'
import type { LazyTensorInput } from '../safetensors/write-safetensors.js'

/** `name` ends in `.weight`, or the encoding is f32. `make` is called once, and what it made is dropped after its last tensor. */
export function weightParts(
  name: string,
  shape: readonly number[],
  encoding: WeightEncoding,
  make: () => Promise<WeightData>,
): LazyTensorInput[] {
  if (encoding === 'f32') return [{ name, shape, dtype: 'F32', data: async () => (await make()).data }]
  if (encoding === 'f16') return [{ name, shape, dtype: 'F16', data: async () => (await make()).data }]
  const [rows, columns] = shape
  const blocks = Math.ceil(columns / weightBlockSize)
  const take = takenTwice(make)
  const scales = {
    name: `${name}_scale`,
    shape: [rows, blocks],
    dtype: 'F32',
    data: async () => (await take()).scales!,
  } as const
  const data = async () => (await take()).data
  if (encoding === 'q8') return [scales, { name, shape, dtype: 'I8', data }]
  const logical = () => BigInt64Array.of(BigInt(rows), BigInt(columns))
  // four bits an element: eight elements a word
  const words = (blocks * weightBlockSize) / 8
  return [
    scales,
    { name: `${name}_packed`, shape: [rows, words], dtype: 'I32', data },
    { name: `${name}_shape`, shape: [2], dtype: 'I64', data: logical },
  ]
}

function takenTwice<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null
  return () => {
    const taken = made ?? make()
    made = made ? null : taken
    return taken
  }
}
