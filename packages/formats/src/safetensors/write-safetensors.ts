/** A safetensors file on disk (Node), written tensor by tensor and put in place only when complete. */
import { writeAtomically } from '../node/write-atomically.js'
import type { ReadOptions } from '../sources/byte-source.js'
import type { Dtype } from './dtype.js'
import { bytesOf } from './encode-safetensors.js'
import {
  checkData,
  checkShape,
  planLayout,
  planTensor,
  type TensorData,
  type TensorInput,
  type TensorPlan,
} from './plan-layout.js'

/** A tensor whose numbers are made when their turn comes, so that a large model never lies in memory as a whole. */
export interface LazyTensorInput {
  readonly name: string
  readonly shape: readonly number[]
  readonly dtype: Dtype
  readonly data: () => TensorData | Promise<TensorData>
}

/**
 * Writes to a temporary name in the same folder, flushes it to disk and renames it; on failure or abort the file that
 * was there before stays as it was. The same tensors give the same bytes, whatever order they come in.
 */
export async function writeSafetensors(
  path: string,
  tensors: Iterable<TensorInput | LazyTensorInput>,
  metadata: Readonly<Record<string, string>> = {},
  options: ReadOptions = {},
): Promise<void> {
  const plans = [...tensors].map((tensor) => plan(path, tensor))
  const layout = planLayout(path, plans, metadata)
  await writeAtomically(path, async (write) => {
    await write(layout.head)
    for (const tensor of layout.tensors) {
      options.signal?.throwIfAborted()
      await write(bytesOf(await tensor.make()))
    }
  })
}

function plan(file: string, tensor: TensorInput | LazyTensorInput): TensorPlan & { make: () => Promise<TensorData> } {
  if (!isLazy(tensor)) {
    const checked = planTensor(file, tensor)
    return { ...checked, make: async () => checked.data }
  }
  const { name, dtype } = tensor
  const shape = [...tensor.shape]
  const planned = { name, dtype, shape, bytes: checkShape(file, name, dtype, shape) }
  const make = async () => {
    const data = await tensor.data()
    checkData(file, planned, data)
    return data
  }
  return { ...planned, make }
}

function isLazy(tensor: TensorInput | LazyTensorInput): tensor is LazyTensorInput {
  return typeof tensor.data === 'function'
}
