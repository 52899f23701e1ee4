/** Cross-entropy of a row of logits by one workgroup, and its gradient. */
import { sizeOf } from '@retnet/core'
import { kernel, read, write } from '../../compile/kernel.js'
import type { GraphNode, Lowering, LowerRules } from '../../compile/lowering.js'
import { rowReduction } from '../../compile/reduce.js'
import { rowExpSum } from '../reduction/reduction.js'

export const lossKernels: LowerRules<'crossEntropy' | 'crossEntropyGrad'> = {
  crossEntropy(node, _attributes, lowering) {
    emitRows(node, lowering, (columns, lanes) => {
      return `${rowExpSum('logits', columns, lanes)}
let goal = targets[group.x];
if (lane == 0u) { y[group.x] = select(0.0, log(sum) - (logits[base + u32(max(goal, 0))] - top), goal >= 0); }`
    })
  },
  crossEntropyGrad(node, _attributes, lowering) {
    emitRows(node, lowering, (columns, lanes) => {
      return `${rowExpSum('logits', columns, lanes)}
let goal = targets[group.x];
let slope = select(0.0, dLoss[group.x], goal >= 0);
for (var i = lane; i < ${columns}u; i += ${lanes}u) {
  y[base + i] = (exp(logits[base + i] - top) / sum - select(0.0, 1.0, i32(i) == goal)) * slope;
}`
    })
  },
}

function emitRows(
  node: GraphNode<'crossEntropy' | 'crossEntropyGrad'>,
  lowering: Lowering,
  body: (columns: number, lanes: number) => string,
): void {
  const [logits, targets, dLoss] = node.inputs
  const { shape } = lowering.type(logits!)
  const columns = shape[shape.length - 1]
  const { lanes, enables, declarations } = rowReduction(lowering.profile, columns)
  lowering.emit(
    kernel({
      name: node.op,
      bindings: [
        read('logits', lowering.slot(logits!)),
        read('targets', lowering.slot(targets!), 'i32'),
        ...(dLoss == null ? [] : [read('dLoss', lowering.slot(dLoss))]),
        write('y', lowering.slot(node.outputs[0])),
      ],
      lanes,
      enables,
      declarations,
      workgroups: [sizeOf(shape) / columns],
      body: body(columns, lanes),
    }),
  )
}
