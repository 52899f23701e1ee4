import type { Expansion } from '../graph/expand.js'
import { add, mul, rsqrt, scale, sub } from '../ops/elementwise.js'
import { sum } from '../ops/reduction.js'
import type { Value } from '../graph/builder.js'

/** Mean over the last axis, which stays with extent 1. */
export function meanOfLast(x: Value): Value {
  const last = x.type.shape.length - 1
  return scale(sum(x, [last]), 1 / x.type.shape[last])
}

/** x and 1 / sqrt(mean(x^2) + epsilon) of each row: what both norms and their gradients need. */
export function inverseRms(x: Value, epsilon: number): Value {
  return rsqrt(meanOfLast(mul(x, x)), epsilon)
}

export const normExpansions: {
  readonly rmsNorm: Expansion<'rmsNorm'>
  readonly layerNorm: Expansion<'layerNorm'>
} = {
  rmsNorm([x, weight], { epsilon }) {
    const normal = mul(x!, inverseRms(x!, epsilon))
    return [weight ? mul(normal, weight) : normal]
  },
  layerNorm([x, weight, bias], { epsilon }) {
    const centred = sub(x!, meanOfLast(x!))
    const normal = mul(centred, inverseRms(centred, epsilon))
    const scaled = weight ? mul(normal, weight) : normal
    return [bias ? add(scaled, bias) : scaled]
  },
}
