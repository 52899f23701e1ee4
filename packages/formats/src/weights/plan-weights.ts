/** Finds every weight of a model in a file, before any of them is read. */
import { type RetNetSpec, parameterShapes, weightBlockSize } from '@retnet/core'
import { SafetensorsError } from '../errors.js'
import type { Family, WeightLocation } from '../families/family.js'
import type { StoredTensor, StoredTensors } from '../quantized/stored-tensors.js'
import { findTensor, floatDtypes, requireDtype } from '../safetensors/tensor-file.js'

export interface PlannedWeight {
  readonly name: string
  readonly shape: readonly number[]
  readonly info: StoredTensor
  readonly location: WeightLocation
}

export interface WeightPlan {
  readonly family: Family
  readonly spec: RetNetSpec
  /** What the file is called in errors. */
  readonly file: string
  readonly stored: StoredTensors
}

/** Every weight with its place in the file, or SafetensorsError naming a tensor that is missing, unknown or of a wrong shape. */
export function planWeights({ family, spec, file, stored }: WeightPlan): PlannedWeight[] {
  const plan = [...parameterShapes(spec)].map(([name, shape]): PlannedWeight => {
    const location = family.locate(name, spec, stored)
    const info: StoredTensor = findTensor(file, stored, location.tensor)
    if (!info.packed) requireDtype(info, floatDtypes)
    requireShape(info, location, shape)
    return { name, shape, info, location }
  })
  const used = new Set(plan.map(({ info }) => info.name))
  const extra = [...stored.values()].find(({ name }) => !used.has(name) && !family.ignores(name, spec))
  if (!extra) return plan
  throw new SafetensorsError({
    file: extra.file,
    tensor: extra.name,
    problem: 'shape',
    message: `is not part of a ${family.name} model with this configuration.`,
    fix: 'Does config.json belong to these weights?',
  })
}

function requireShape(info: StoredTensor, { rows }: WeightLocation, shape: readonly number[]): void {
  const plain = rows ? [info.shape[0], ...shape.slice(1)] : shape
  const expected = info.packed?.encoding === 'q4' ? [plain[0], wholeBlocks(plain[1])] : plain
  if (expected.join() === info.shape.join()) return
  throw new SafetensorsError({
    file: info.file,
    tensor: info.name,
    problem: 'shape',
    message: `expected [${expected.join(', ')}] from the configuration, got [${info.shape.join(', ')}].`,
    fix: 'Does config.json belong to these weights?',
  })
}

function wholeBlocks(columns: number): number {
  return Math.ceil(columns / weightBlockSize) * weightBlockSize
}
