/** Ops on each number alone. A product with a `silu` that nothing else reads is one kernel. */
import { type GraphNode, type ValueId, sameShape } from '@retnet/core'
import { Binary, Opcode, Unary } from '../opcode.js'
import { broadcastStrides, mergeAxes, splitInner } from '../plan/axes.js'
import type { Lowering } from '../plan/lowering.js'
import { float } from '../plan/record.js'
import { addToMatmul } from './contraction.js'
import type { LowerRules } from './rules.js'

function unary(l: Lowering, op: Unary, x: ValueId, out: ValueId, parameter = 0): void {
  const source = l.place(x)
  const target = l.define(out)
  const count = l.size(out)
  l.emit(Opcode.Unary, Unary[op].toLowerCase(), [op, count, float(parameter), source, target], {
    reads: [source],
    writes: [target],
    inPlace: [[target, source]],
    work: count * (op === Unary.Scale ? 1 : 4),
  })
}

function binary(l: Lowering, op: Binary, a: ValueId, b: ValueId, out: ValueId, name = Binary[op].toLowerCase()): void {
  const shape = l.shape(out)
  const [left, right] = [l.place(a), l.place(b)]
  const target = l.define(out)
  const strides = [broadcastStrides(l.shape(a), shape), broadcastStrides(l.shape(b), shape)]
  const walk = splitInner(mergeAxes({ extents: shape, strides }))
  const words = [...walk.steps, ...walk.extents, ...walk.strides[0], ...walk.strides[1]]
  const full = (value: ValueId) => l.size(value) === l.size(out)
  l.emit(Opcode.Binary, name, [op, walk.outer, walk.inner, left, right, target, ...words], {
    reads: [left, right],
    writes: [target],
    inPlace: [
      [target, full(a) ? left : null],
      [target, full(b) ? right : null],
    ],
    work: walk.outer * walk.inner,
  })
}

/** The operand of a `silu` whose only reader is this product. */
export function siluOperand(l: Lowering, value: ValueId): ValueId | null {
  const maker = l.onlyUse(value)
  return maker?.op === 'silu' ? maker.inputs[0] : null
}

/** True for a `silu` that its reader computes. */
export function isFusedSilu(l: Lowering, node: GraphNode, reader: GraphNode | undefined): boolean {
  if (node.op !== 'silu' || reader?.op !== 'mul' || l.onlyUse(node.outputs[0]) === null) return false
  const [a, b] = reader.inputs
  return a !== b && fusedSide(l, a!, b!, reader.outputs[0]) === node.outputs[0]
}

function fusedSide(l: Lowering, a: ValueId, b: ValueId, out: ValueId): ValueId | null {
  const fits = (value: ValueId) => siluOperand(l, value) !== null && sameShape(l.shape(value), l.shape(out))
  if (fits(a)) return a
  return fits(b) ? b : null
}

const plainUnary =
  (op: Unary) =>
  (l: Lowering, { inputs: [x], outputs: [out] }: Pick<GraphNode, 'inputs' | 'outputs'>) =>
    unary(l, op, x!, out)

const plainBinary =
  (op: Binary) =>
  (l: Lowering, { inputs: [a, b], outputs: [out] }: Pick<GraphNode, 'inputs' | 'outputs'>) =>
    binary(l, op, a!, b!, out)

export const elementwiseRules: LowerRules<
  'add' | 'sub' | 'mul' | 'div' | 'scale' | 'exp' | 'log' | 'erf' | 'sigmoid' | 'silu' | 'gelu' | 'rsqrt'
> = {
  add(l, { inputs: [a, b], outputs: [out] }) {
    if (!addToMatmul(l, a!, b!, out)) binary(l, Binary.Add, a!, b!, out)
  },
  sub: plainBinary(Binary.Sub),
  mul(l, { inputs: [a, b], outputs: [out] }) {
    const fused = a === b ? null : fusedSide(l, a!, b!, out)
    if (fused === null) return binary(l, Binary.Mul, a!, b!, out)
    binary(l, Binary.MulSilu, fused === a ? b! : a!, siluOperand(l, fused)!, out, 'mul+silu')
  },
  div: plainBinary(Binary.Div),
  scale: (l, { inputs: [x], outputs: [out], attributes }) => unary(l, Unary.Scale, x!, out, attributes.factor),
  exp: plainUnary(Unary.Exp),
  log: plainUnary(Unary.Log),
  erf: plainUnary(Unary.Erf),
  sigmoid: plainUnary(Unary.Sigmoid),
  silu: plainUnary(Unary.Silu),
  gelu: plainUnary(Unary.Gelu),
  rsqrt: (l, { inputs: [x], outputs: [out], attributes }) => unary(l, Unary.Rsqrt, x!, out, attributes.epsilon),
}
