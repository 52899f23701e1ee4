import type { EmitRules } from '../emitter.js'
import { operand } from '../weights.js'

export const reductionRules: EmitRules<'sum' | 'softmax'> = {
  sum(e, { inputs: [x], attributes: { axes } }) {
    if (axes.length === 0) return [operand(e, x!)]
    return [e.node('ReduceSum', [operand(e, x!), e.writer.integers(axes)], { keepdims: 1 })]
  },
  softmax: (e, { inputs: [x] }) => [e.node('Softmax', [operand(e, x!)], { axis: -1 })],
}
