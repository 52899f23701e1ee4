/** Sums over axes and the softmax over the last one. */
import { showType } from '../contract/tensor.js'
import { ShapeError } from '../errors/shape-error.js'
import type { Value } from '../graph/builder.js'
import type { ShapeRules } from '../graph/infer.js'
import { f32, requireDtype, requireOperand } from '../graph/shape-rules.js'

/** Sum over `axes`; they stay in the shape with extent 1. */
export function sum(x: Value, axes: readonly number[]): Value {
  return x.builder.append('sum', [x], { axes })[0]
}

/** exp(x) / sum exp(x) over the last axis. */
export function softmax(x: Value): Value {
  return x.builder.append('softmax', [x], {})[0]
}

export const reductionRules: ShapeRules<'sum' | 'softmax'> = {
  sum(types, { axes }) {
    const x = requireOperand('sum', 'x', types, 0)
    requireDtype('sum', 'x', x, 'f32')
    const bad = axes.find((axis) => !(axis in x.shape))
    if (bad === undefined) return [f32(x.shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent)))]
    throw new ShapeError({ op: 'sum', argument: 'axes', expected: `axes of ${showType(x)}`, actual: String(bad) })
  },
  softmax(types) {
    const x = requireOperand('softmax', 'x', types, 0)
    requireDtype('softmax', 'x', x, 'f32')
    return [x]
  },
}
