/** Index arithmetic of strided kernels: strides of shapes, and merging of axes that are walked as one. */
import type { Shape } from '@retnet/core'

/** Outer axes of a record of assembly/copy.ts, elementwise.ts and reduce.ts. */
export const outerAxes = 7

export interface Walk {
  readonly extents: readonly number[]
  /** One list of strides (in elements) for each tensor that is walked. */
  readonly strides: readonly (readonly number[])[]
}

export function stridesOf(shape: Shape): number[] {
  const strides: number[] = Array.from({ length: shape.length })
  let step = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step
    step *= shape[axis]
  }
  return strides
}

/** Strides with which a tensor of `shape` is read under the broadcast shape `wide`. */
export function broadcastStrides(shape: Shape, wide: Shape): number[] {
  const strides = stridesOf(shape)
  const lead = wide.length - shape.length
  return wide.map((_, axis) => (axis < lead || shape[axis - lead] === 1 ? 0 : strides[axis - lead]))
}

/** The same walk with as few axes as possible, at least one. */
export function mergeAxes({ extents, strides }: Walk): Walk {
  const merged: number[] = []
  const steps: number[][] = strides.map(() => [])
  for (const [axis, extent] of extents.entries()) {
    if (extent === 1) continue
    const last = merged.length - 1
    const joins = last >= 0 && strides.every((list, tensor) => steps[tensor][last] === list[axis] * extent)
    if (joins) {
      merged[last] *= extent
      for (const [tensor, list] of strides.entries()) steps[tensor][last] = list[axis]
    } else {
      merged.push(extent)
      for (const [tensor, list] of strides.entries()) steps[tensor].push(list[axis])
    }
  }
  return merged.length > 0 ? { extents: merged, strides: steps } : { extents: [1], strides: strides.map(() => [1]) }
}

/** A merged walk cut into its last axis and the padded list of the others. */
export function splitInner({ extents, strides }: Walk) {
  const outer = extents.slice(0, -1)
  if (outer.length > outerAxes)
    throw new RangeError(`a kernel walks at most ${outerAxes + 1} axes, got ${extents.length}`)
  const pad = (list: readonly number[], value: number) => [
    ...Array.from({ length: outerAxes - list.length }, () => value),
    ...list,
  ]
  return {
    inner: extents[extents.length - 1],
    steps: strides.map((list) => list[list.length - 1]),
    outer: outer.reduce((product, extent) => product * extent, 1),
    extents: pad(outer, 1),
    strides: strides.map((list) => pad(list.slice(0, -1), 0)),
  }
}
