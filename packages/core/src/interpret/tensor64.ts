/** A tensor of the reference interpreter: float64, or int32 for ids. */
import type { OpMap, OpName } from '../contract/op-map.js'
import type { RetentionForm } from '../contract/backend.js'
import type { Shape, TensorType } from '../contract/tensor.js'

export type Numbers64 = Float64Array | Int32Array

export interface Tensor64 {
  readonly type: TensorType
  readonly data: Numbers64
}

export interface InterpretOptions {
  readonly form?: RetentionForm
  readonly chunk?: number
}

/** What each op means: operands and result types in, results out. */
export type Meanings<Ops extends OpName> = {
  readonly [Op in Ops]: (
    operands: readonly (Tensor64 | null)[],
    attributes: OpMap[Op],
    types: readonly TensorType[],
    options: InterpretOptions,
  ) => readonly Numbers64[]
}

export function strides(shape: Shape): number[] {
  const result: number[] = Array.from({ length: shape.length })
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    result[axis] = step
    step *= shape[axis]
  }
  return result
}

/** Calls `each` for every index of `shape` in row-major order; the index array is reused. */
export function forEachIndex(shape: Shape, each: (index: readonly number[], flat: number) => void): void {
  const index = shape.map(() => 0)
  const total = shape.reduce((product, extent) => product * extent, 1)
  for (let flat = 0; flat < total; flat++) {
    each(index, flat)
    for (let axis = shape.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0
  }
}

/** Offset of `index` in a tensor of `shape` that broadcasts to the index's shape. */
export function broadcastOffset(shape: Shape, steps: readonly number[], index: readonly number[]): number {
  let offset = 0
  const lead = index.length - shape.length
  for (let axis = 0; axis < shape.length; axis++) offset += shape[axis] === 1 ? 0 : steps[axis] * index[lead + axis]
  return offset
}

export function like(source: Numbers64, size: number): Numbers64 {
  return source instanceof Int32Array ? new Int32Array(size) : new Float64Array(size)
}
