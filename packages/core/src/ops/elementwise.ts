/** Ops that work on each number alone. Two operands broadcast as in NumPy. */
import type { OpMap } from '../contract/op-map.js'
import { showType } from '../contract/tensor.js'
import { ShapeError } from '../errors/shape-error.js'
import type { Value } from '../graph/builder.js'
import type { ShapeRules } from '../graph/infer.js'
import { type OperandTypes, broadcastShapes, f32, requireDtype, requireOperand } from '../graph/shape-rules.js'

type BinaryOp = 'add' | 'sub' | 'mul' | 'div'
type PlainUnaryOp = 'exp' | 'log' | 'erf' | 'sigmoid' | 'silu' | 'gelu'
type ElementwiseOp = BinaryOp | PlainUnaryOp | 'scale' | 'rsqrt'

const binary =
  (op: BinaryOp) =>
  (a: Value, b: Value): Value =>
    a.builder.append(op, [a, b], {})[0]

const unary =
  (op: PlainUnaryOp) =>
  (x: Value): Value =>
    x.builder.append(op, [x], {})[0]

export const add = binary('add')
export const sub = binary('sub')
export const mul = binary('mul')
export const div = binary('div')
export const exp = unary('exp')
export const log = unary('log')
export const erf = unary('erf')
/** 1 / (1 + exp(-x)). */
export const sigmoid = unary('sigmoid')
/** x * sigmoid(x), also called swish. */
export const silu = unary('silu')
/** x * (1 + erf(x / sqrt 2)) / 2: the exact form, as PyTorch's default. */
export const gelu = unary('gelu')

export function scale(x: Value, factor: number): Value {
  return x.builder.append('scale', [x], { factor })[0]
}

/** 1 / sqrt(x + epsilon). */
export function rsqrt(x: Value, epsilon: number): Value {
  return x.builder.append('rsqrt', [x], { epsilon })[0]
}

const binaryRule = (op: BinaryOp) => (types: OperandTypes) => {
  const a = requireOperand(op, 'a', types, 0)
  const b = requireOperand(op, 'b', types, 1)
  requireDtype(op, 'a', a, 'f32')
  requireDtype(op, 'b', b, 'f32')
  const shape = broadcastShapes(a.shape, b.shape)
  if (shape) return [f32(shape)]
  throw new ShapeError({
    op,
    argument: 'b',
    expected: `a shape that broadcasts with ${showType(a)}`,
    actual: showType(b),
  })
}

const unaryRule = (op: keyof OpMap) => (types: OperandTypes) => {
  const x = requireOperand(op, 'x', types, 0)
  requireDtype(op, 'x', x, 'f32')
  return [x]
}

export const elementwiseRules: ShapeRules<ElementwiseOp> = {
  add: binaryRule('add'),
  sub: binaryRule('sub'),
  mul: binaryRule('mul'),
  div: binaryRule('div'),
  exp: unaryRule('exp'),
  log: unaryRule('log'),
  erf: unaryRule('erf'),
  sigmoid: unaryRule('sigmoid'),
  silu: unaryRule('silu'),
  gelu: unaryRule('gelu'),
  scale: unaryRule('scale'),
  rsqrt: unaryRule('rsqrt'),
}
