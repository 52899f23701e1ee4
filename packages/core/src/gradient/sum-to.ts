import type { Value } from '../graph/builder.js'
import type { Shape } from '../contract/tensor.js'
import { sum } from '../ops/reduction.js'
import { reshape } from '../ops/structure.js'
import { sameShape } from '../contract/tensor.js'

/** Undoes a broadcast: sums x over the axes along which `shape` was repeated to give x's shape. */
export function sumTo(x: Value, shape: Shape): Value {
  if (sameShape(x.type.shape, shape)) return x
  const lead = x.type.shape.length - shape.length
  const axes = x.type.shape.map((_, axis) => axis).filter((axis) => axis < lead || shape[axis - lead] === 1)
  const repeated = axes.filter((axis) => x.type.shape[axis] !== 1)
  const total = repeated.length ? sum(x, repeated) : x
  return sameShape(total.type.shape, shape) ? total : reshape(total, shape)
}
