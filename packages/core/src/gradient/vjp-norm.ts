import { inverseRms, meanOfLast } from '../expansions/norm.js'
import type { Value } from '../graph/builder.js'
import { mul, sub } from '../ops/elementwise.js'
import { sumTo } from './sum-to.js'
import type { Vjps } from './vjp-table.js'

/** With n = x r and g = dy * weight: dx = r (g - n mean(g n)); a centred norm also subtracts mean(g). */
export const normVjps: Vjps<'rmsNorm' | 'layerNorm'> = {
  rmsNorm({ operands: [x, weight], attributes: { epsilon }, gradients: [dy] }) {
    const inverse = inverseRms(x!, epsilon)
    const normal = mul(x!, inverse)
    const g = weight ? mul(dy!, weight) : dy!
    const dx = mul(inverse, sub(g, mul(normal, meanOfLast(mul(g, normal)))))
    return [dx, weight && affine(dy!, normal, weight)]
  },
  layerNorm({ operands: [x, weight, bias], attributes: { epsilon }, gradients: [dy] }) {
    const centred = sub(x!, meanOfLast(x!))
    const inverse = inverseRms(centred, epsilon)
    const normal = mul(centred, inverse)
    const g = weight ? mul(dy!, weight) : dy!
    const dx = mul(inverse, sub(sub(g, meanOfLast(g)), mul(normal, meanOfLast(mul(g, normal)))))
    return [dx, weight && affine(dy!, normal, weight), bias && sumTo(dy!, bias.type.shape)]
  },
}

function affine(dy: Value, normal: Value, weight: Value): Value {
  return sumTo(mul(dy, normal), weight.type.shape)
}
