import { mul, scale, sub } from '../ops/elementwise.js'
import { crossEntropy, crossEntropyGrad } from '../ops/loss.js'
import { softmax, sum } from '../ops/reduction.js'
import { fill, reshape } from '../ops/structure.js'
import type { Vjps } from './vjp-table.js'

export const lossVjps: Vjps<'crossEntropy' | 'crossEntropyGrad'> = {
  crossEntropy: ({ operands: [logits, targets], gradients: [dy] }) => [crossEntropyGrad(logits!, targets!, dy!), null],
  crossEntropyGrad({ operands: [logits, targets, dLoss], gradients: [dy] }) {
    const { builder, type } = logits!
    const last = type.shape.length - 1
    const column = [...targets!.type.shape, 1]
    // 1 for a row with a target, 0 for an ignored one: the loss of uniform logits over log V
    const uniform = crossEntropy(fill(builder, type.shape, 0), targets!)
    const counted = mul(scale(uniform, 1 / Math.log(Math.max(type.shape[last], 2))), dLoss!)
    const probability = softmax(logits!)
    const weighted = mul(dy!, probability)
    const dLogits = mul(sub(weighted, mul(probability, sum(weighted, [last]))), reshape(counted, column))
    const slope = crossEntropyGrad(logits!, targets!, fill(builder, targets!.type.shape, 1))
    return [dLogits, null, reshape(sum(mul(dy!, slope), [last]), targets!.type.shape)]
  },
}
