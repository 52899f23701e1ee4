/** The config.json of a checkpoint that is saved in another encoding. */
import { type WeightEncoding, isQuantized } from '@retnet/core'
import type { PlannedWeight } from '../weights/plan-weights.js'
import { type Quantization, quantizationConfig } from './quantization-config.js'

export interface SavedWeight {
  readonly planned: PlannedWeight
  readonly encoding: WeightEncoding
}

/** The fields of the original, with the types of the new numbers and how they are quantised. */
export function savedConfig(
  config: Readonly<Record<string, unknown>>,
  dtype: WeightEncoding,
  saved: readonly SavedWeight[],
): Record<string, unknown> {
  const { quantization_config: _, ...fields } = config
  const torch = { ...fields, torch_dtype: dtype === 'f16' ? 'float16' : 'float32' }
  return isQuantized(dtype) ? { ...torch, quantization_config: describe(dtype, saved) } : torch
}

/** Most matrices are meant by their class, the exceptions by name. */
function describe(dtype: Quantization, saved: readonly SavedWeight[]): object {
  const matrices = saved.filter(({ planned }) => planned.shape.length === 2)
  const isUsual = ({ planned, encoding }: SavedWeight) => planned.name !== 'embedding.weight' && encoding === dtype
  const namesOf = (wanted: (encoding: WeightEncoding) => boolean) =>
    matrices
      .filter((weight) => !isUsual(weight) && wanted(weight.encoding))
      .map(({ planned }) => planned.info.name.replace(/\.weight$/, ''))
  const modules = new Map<Quantization, readonly string[]>([[dtype, ['Linear', ...namesOf((held) => held === dtype)]]])
  const other = dtype === 'q4' ? 'q8' : 'q4'
  const exceptions = namesOf((held) => held === other)
  if (exceptions.length > 0) modules.set(other, exceptions)
  return quantizationConfig(
    modules,
    namesOf((held) => !isQuantized(held)),
  )
}
