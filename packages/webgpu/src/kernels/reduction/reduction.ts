/** Sums over axes, and the softmax of a row by one workgroup. */
import { sizeOf } from '@retnet/core'
import { elementGroups, elementIndex, elementLanes, splitIndex, stridesOf } from '../../compile/indexing.js'
import { kernel, read, write } from '../../compile/kernel.js'
import type { LowerRules } from '../../compile/lowering.js'
import { rowReduction } from '../../compile/reduce.js'

export const reductionKernels: LowerRules<'sum' | 'softmax'> = {
  sum(node, { axes }, lowering) {
    const [x, y] = [node.inputs[0]!, node.outputs[0]]
    const { shape } = lowering.type(x)
    const result = lowering.type(y).shape
    const total = sizeOf(result)
    const inner = axes.map((axis) => shape[axis])
    const strides = stridesOf(shape)
    const outer =
      result.flatMap((extent, axis) => (extent === 1 ? [] : [`i${axis} * ${strides[axis]}u`])).join(' + ') || '0u'
    const step = axes.map((axis, i) => `r${i} * ${strides[axis]}u`).join(' + ') || '0u'
    const bindings = [read('x', lowering.slot(x)), write('y', lowering.slot(y))]
    if (total < 64 && lowering.profile.barriers) {
      const { lanes, enables, declarations } = rowReduction(lowering.profile, sizeOf(inner))
      const body = `let index = group.x;\n${splitIndex(result)}
var part = 0.0;
for (var r = lane; r < ${sizeOf(inner)}u; r += ${lanes}u) { ${splitIndex(inner, 'r', 'r')} part += x[${outer} + ${step}]; }
let all = reduceSum(part, lane);
if (lane == 0u) { y[index] = all; }`
      lowering.emit(
        kernel({ name: 'sum', bindings, lanes, enables, declarations, workgroups: [Math.max(total, 1)], body }),
      )
      return
    }
    const body = `${elementIndex(total)}\n${splitIndex(result)}
var all = 0.0;
// blocks keep the rounding of a long sum small
for (var start = 0u; start < ${sizeOf(inner)}u; start += 64u) {
  var part = 0.0;
  for (var r = start; r < min(start + 64u, ${sizeOf(inner)}u); r++) { ${splitIndex(inner, 'r', 'r')} part += x[${outer} + ${step}]; }
  all += part;
}
y[index] = all;`
    lowering.emit(kernel({ name: 'sum', bindings, lanes: elementLanes, workgroups: [elementGroups(total)], body }))
  },

  softmax(node, _attributes, lowering) {
    const [x, y] = [node.inputs[0]!, node.outputs[0]]
    const { shape } = lowering.type(x)
    const columns = shape[shape.length - 1]
    const { lanes, enables, declarations } = rowReduction(lowering.profile, columns)
    lowering.emit(
      kernel({
        name: 'softmax',
        bindings: [read('x', lowering.slot(x)), write('y', lowering.slot(y))],
        lanes,
        enables,
        declarations,
        workgroups: [sizeOf(shape) / columns],
        body: `${rowExpSum('x', columns, lanes)}
for (var i = lane; i < ${columns}u; i += ${lanes}u) { y[base + i] = exp(x[base + i] - top) / sum; }`,
      }),
    )
  },
}

/** Lines that give `base`, the start of row `group.x`, `top`, its largest number, and `sum`, that of exp(x - top). */
export function rowExpSum(name: string, columns: number, lanes: number): string {
  return `let base = group.x * ${columns}u;
var top = -3.0e38;
for (var i = lane; i < ${columns}u; i += ${lanes}u) { top = max(top, ${name}[base + i]); }
top = reduceMax(top, lane);
var part = 0.0;
for (var i = lane; i < ${columns}u; i += ${lanes}u) { part += exp(${name}[base + i] - top); }
let sum = reduceSum(part, lane);`
}
