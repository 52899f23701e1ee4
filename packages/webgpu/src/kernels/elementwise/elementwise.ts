/** One lane an element; operands broadcast by their index arithmetic. */
import { sameShape, sizeOf } from '@retnet/core'
import { broadcastOffset, elementGroups, elementIndex, elementLanes, literal, splitIndex } from '../../compile/indexing.js'
import { kernel, read, write } from '../../compile/kernel.js'
import type { GraphNode, LowerRules, Lowering } from '../../compile/lowering.js'
import { erfFunction } from './erf.js'

type BinaryOp = 'add' | 'sub' | 'mul' | 'div'
type UnaryOp = 'scale' | 'exp' | 'log' | 'erf' | 'sigmoid' | 'silu' | 'gelu' | 'rsqrt'

function binary(operator: string) {
  return (node: GraphNode, _attributes: unknown, lowering: Lowering) => {
    const [a, b] = node.inputs as readonly number[]
    const shape = lowering.type(node.outputs[0]).shape
    const total = sizeOf(shape)
    const [left, right] = [a, b].map((value) => operand(lowering.type(value).shape, shape))
    const split = [left, right].some((offset) => offset.includes('i')) && (left !== 'index' || right !== 'index')
    lowering.emit(
      kernel({
        name: node.op,
        bindings: [read('a', lowering.slot(a)), read('b', lowering.slot(b)), write('y', lowering.slot(node.outputs[0]))],
        lanes: elementLanes,
        workgroups: [elementGroups(total)],
        body: `${elementIndex(total)}\n${split ? splitIndex(shape) : ''}\ny[index] = a[${left}] ${operator} b[${right}];`,
      }),
    )
  }
}

function operand(shape: readonly number[], result: readonly number[]): string {
  if (sameShape(shape, result)) return 'index'
  if (sizeOf(shape) === 1) return '0u'
  return broadcastOffset(shape, result)
}

function unary<Attributes>(expression: (attributes: Attributes) => string, declarations = '') {
  return (node: GraphNode, attributes: Attributes, lowering: Lowering) => {
    const [x] = node.inputs as readonly number[]
    const total = sizeOf(lowering.type(x).shape)
    lowering.emit(
      kernel({
        name: node.op,
        bindings: [read('x', lowering.slot(x)), write('y', lowering.slot(node.outputs[0]))],
        lanes: elementLanes,
        workgroups: [elementGroups(total)],
        declarations,
        body: `${elementIndex(total)}\nlet v = x[index];\ny[index] = ${expression(attributes)};`,
      }),
    )
  }
}

export const elementwiseKernels: LowerRules<BinaryOp | UnaryOp> = {
  add: binary('+'),
  sub: binary('-'),
  mul: binary('*'),
  div: binary('/'),
  scale: unary(({ factor }: { factor: number }) => `v * ${literal(factor)}`),
  exp: unary(() => 'exp(v)'),
  log: unary(() => 'log(v)'),
  erf: unary(() => 'erf(v)', erfFunction),
  sigmoid: unary(() => '1.0 / (1.0 + exp(-v))'),
  silu: unary(() => 'v / (1.0 + exp(-v))'),
  gelu: unary(() => '0.5 * v * (1.0 + erf(v * 0.70710678118654752))', erfFunction),
  rsqrt: unary(({ epsilon }: { epsilon: number }) => `inverseSqrt(v + ${literal(epsilon)})`),
}
