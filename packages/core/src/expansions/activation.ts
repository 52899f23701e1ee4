import type { OpMap } from '../contract/op-map.js'
import type { Expansion } from '../graph/expand.js'
import { add, erf, mul, scale, sigmoid } from '../ops/elementwise.js'
import { fill } from '../ops/structure.js'
import type { Value } from '../graph/builder.js'

/** (1 + erf(x / sqrt 2)) / 2: the distribution function of the standard normal. */
export function normalCdf(x: Value): Value {
  return scale(add(erf(scale(x, Math.SQRT1_2)), fill(x.builder, [1], 1)), 0.5)
}

export const activationExpansions: { readonly [Op in keyof OpMap & ('silu' | 'gelu')]: Expansion<Op> } = {
  silu: ([x]) => [mul(x!, sigmoid(x!))],
  gelu: ([x]) => [mul(x!, normalCdf(x!))],
}
