import type { EmitRules, Emitter } from '../emitter.js'
import type { Name } from '../graph-writer.js'
import { operand } from '../weights.js'

export const lossRules: EmitRules<'crossEntropy' | 'crossEntropyGrad'> = {
  crossEntropy(e, { inputs: [logits, targets] }) {
    const shares = e.node('LogSoftmax', [operand(e, logits!)], { axis: -1 })
    const index = e.unsqueeze(e.node('Max', [e.name(targets!), e.writer.integers32([0])]), [-1])
    const picked = e.node('Squeeze', [e.node('GatherElements', [shares, index], { axis: -1 }), e.writer.integers([-1])])
    return [e.node('Where', [isCounted(e, targets!), e.node('Neg', [picked]), e.writer.floats([0])])]
  },
  crossEntropyGrad(e, { inputs: [logits, targets, dLoss] }) {
    const shares = e.node('Softmax', [operand(e, logits!)], { axis: -1 })
    const size = e.shapeOf(logits!).at(-1)!
    const ids = e.writer.integers32(
      Array.from({ length: size }, (_, id) => id),
      [size],
    )
    const isTarget = e.node('Equal', [e.unsqueeze(e.name(targets!), [-1]), ids])
    const difference = e.node('Sub', [shares, e.node('Cast', [isTarget], { to: 1 })])
    const weight = e.node('Where', [isCounted(e, targets!), operand(e, dLoss!), e.writer.floats([0])])
    return [e.node('Mul', [difference, e.unsqueeze(weight, [-1])])]
  },
}

function isCounted(e: Emitter, targets: number): Name {
  return e.node('GreaterOrEqual', [e.name(targets), e.writer.integers32([0])])
}
