/** One workgroup a row; the norms differ in whether the mean is taken off first. */
import { sizeOf } from '@retnet/core'
import { literal } from '../../compile/indexing.js'
import { kernel, read, write } from '../../compile/kernel.js'
import type { GraphNode, Lowering, LowerRules } from '../../compile/lowering.js'
import { rowReduction } from '../../compile/reduce.js'

export const normKernels: LowerRules<'rmsNorm' | 'layerNorm'> = {
  rmsNorm: (node, { epsilon }, lowering) => emitNorm(node, epsilon, false, lowering),
  layerNorm: (node, { epsilon }, lowering) => emitNorm(node, epsilon, true, lowering),
}

function emitNorm(
  node: GraphNode<'rmsNorm' | 'layerNorm'>,
  epsilon: number,
  centred: boolean,
  lowering: Lowering,
): void {
  const [x, weight, bias] = node.inputs
  const { shape } = lowering.type(x!)
  const columns = shape[shape.length - 1]
  const { lanes, enables, declarations } = rowReduction(lowering.profile, columns)
  const affine = `${weight == null ? '' : ' * weight[i]'}${bias == null ? '' : ' + bias[i]'}`
  lowering.emit(
    kernel({
      name: node.op,
      bindings: [
        read('x', lowering.slot(x!)),
        ...(weight == null ? [] : [read('weight', lowering.slot(weight))]),
        ...(bias == null ? [] : [read('bias', lowering.slot(bias))]),
        write('y', lowering.slot(node.outputs[0])),
      ],
      lanes,
      enables,
      declarations,
      workgroups: [sizeOf(shape) / columns],
      body: `let base = group.x * ${columns}u;
${centred ? rowMean(columns, lanes) : 'let mean = 0.0;'}
var part = 0.0;
for (var i = lane; i < ${columns}u; i += ${lanes}u) { let v = x[base + i] - mean; part += v * v; }
let inverse = inverseSqrt(reduceSum(part, lane) / ${literal(columns)} + ${literal(epsilon)});
for (var i = lane; i < ${columns}u; i += ${lanes}u) { y[base + i] = (x[base + i] - mean) * inverse${affine}; }`,
    }),
  )
}

function rowMean(columns: number, lanes: number): string {
  return `var all = 0.0;
for (var i = lane; i < ${columns}u; i += ${lanes}u) { all += x[base + i]; }
let mean = reduceSum(all, lane) / ${literal(columns)};`
}
