/** One lane an element; operands broadcast by their index arithmetic. */
import { type OpMap, sameShape, sizeOf } from '@retnet/core'
import { broadcastOffset, elementGroups, elementIndex, elementLanes, splitIndex } from '../../compile/indexing.js'
import { kernel, read, write } from '../../compile/kernel.js'
import type { GraphNode, LowerRules, Lowering } from '../../compile/lowering.js'
import { erfFunction } from './erf.js'
import { type BinaryOp, type UnaryOp, binaryOperators, unaryTexts } from './expression.js'

function binary(op: BinaryOp) {
  return (node: GraphNode, _attributes: unknown, lowering: Lowering) => {
    const [a, b] = node.inputs as readonly number[]
    const shape = lowering.type(node.outputs[0]).shape
    const total = sizeOf(shape)
    const [left, right] = [a, b].map((value) => operand(lowering.type(value).shape, shape))
    const split = [left, right].some((offset) => offset.includes('i')) && (left !== 'index' || right !== 'index')
    lowering.emit(
      kernel({
        name: node.op,
        bindings: [
          read('a', lowering.slot(a)),
          read('b', lowering.slot(b)),
          write('y', lowering.slot(node.outputs[0])),
        ],
        lanes: elementLanes,
        workgroups: [elementGroups(total)],
        body: `${elementIndex(total)}\n${split ? splitIndex(shape) : ''}\ny[index] = a[${left}] ${binaryOperators[op]} b[${right}];`,
      }),
    )
  }
}

function operand(shape: readonly number[], result: readonly number[]): string {
  if (sameShape(shape, result)) return 'index'
  if (sizeOf(shape) === 1) return '0u'
  return broadcastOffset(shape, result)
}

function unary<Op extends UnaryOp>(op: Op, declarations = '') {
  return (node: GraphNode, attributes: OpMap[Op], lowering: Lowering) => {
    const [x] = node.inputs as readonly number[]
    const total = sizeOf(lowering.type(x).shape)
    lowering.emit(
      kernel({
        name: node.op,
        bindings: [read('x', lowering.slot(x)), write('y', lowering.slot(node.outputs[0]))],
        lanes: elementLanes,
        workgroups: [elementGroups(total)],
        declarations,
        body: `${elementIndex(total)}\nlet v = x[index];\ny[index] = ${unaryTexts[op]('v', attributes)};`,
      }),
    )
  }
}

export const elementwiseKernels: LowerRules<BinaryOp | UnaryOp> = {
  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div'),
  scale: unary('scale'),
  exp: unary('exp'),
  log: unary('log'),
  erf: unary('erf', erfFunction),
  sigmoid: unary('sigmoid'),
  silu: unary('silu'),
  gelu: unary('gelu', erfFunction),
  rsqrt: unary('rsqrt'),
}
