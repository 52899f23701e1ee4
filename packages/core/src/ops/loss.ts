/** Cross-entropy of next-token prediction and its gradient. */
import type { Value } from '../graph/builder.js'
import type { ShapeRules } from '../graph/infer.js'
import { f32, requireDtype, requireOperand, requireShape } from '../graph/shape-rules.js'

/** -log softmax(logits)[target] in nats: logits [..., V], targets i32 [...] -> [...]; a target of -1 gives 0. */
export function crossEntropy(logits: Value, targets: Value): Value {
  return logits.builder.append('crossEntropy', [logits, targets], {})[0]
}

/** (softmax(logits) - onehot(target)) * dLoss: logits [..., V], targets i32 [...], dLoss [...] -> [..., V]; 0 for target -1. */
export function crossEntropyGrad(logits: Value, targets: Value, dLoss: Value): Value {
  return logits.builder.append('crossEntropyGrad', [logits, targets, dLoss], {})[0]
}

export const lossRules: ShapeRules<'crossEntropy' | 'crossEntropyGrad'> = {
  crossEntropy(types) {
    const logits = requireOperand('crossEntropy', 'logits', types, 0)
    const targets = requireOperand('crossEntropy', 'targets', types, 1)
    requireDtype('crossEntropy', 'targets', targets, 'i32')
    requireShape('crossEntropy', 'targets', targets, logits.shape.slice(0, -1), 'the leading axes of logits')
    return [f32(targets.shape)]
  },
  crossEntropyGrad(types) {
    const logits = requireOperand('crossEntropyGrad', 'logits', types, 0)
    const targets = requireOperand('crossEntropyGrad', 'targets', types, 1)
    const dLoss = requireOperand('crossEntropyGrad', 'dLoss', types, 2)
    requireShape('crossEntropyGrad', 'targets', targets, logits.shape.slice(0, -1), 'the leading axes of logits')
    requireShape('crossEntropyGrad', 'dLoss', dLoss, targets.shape, 'the shape of targets')
    return [logits]
  },
}
