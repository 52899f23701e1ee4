import type { GraphNode } from '@retnet/core'
import type { EmitRule, EmitRules, Emitter } from '../emitter.js'
import type { Name } from '../graph-writer.js'
import { operand } from '../weights.js'

type Binary = 'add' | 'sub' | 'mul' | 'div'
type Unary = 'exp' | 'log' | 'erf' | 'sigmoid' | 'gelu'

function binary<Op extends Binary>(op: string): EmitRule<Op> {
  return (e, { inputs: [a, b] }: GraphNode<Op>) => [e.node(op, [operand(e, a!), operand(e, b!)])]
}

function unary<Op extends Unary>(op: string): EmitRule<Op> {
  return (e, { inputs: [x] }: GraphNode<Op>) => [e.node(op, [operand(e, x!)])]
}

export const elementwiseRules: EmitRules<Binary | Unary | 'scale' | 'silu' | 'rsqrt'> = {
  add: binary('Add'),
  sub: binary('Sub'),
  mul: binary('Mul'),
  div: binary('Div'),
  exp: unary('Exp'),
  log: unary('Log'),
  erf: unary('Erf'),
  sigmoid: unary('Sigmoid'),
  gelu: unary('Gelu'),
  scale: (e, { inputs: [x], attributes: { factor } }) => [e.node('Mul', [operand(e, x!), e.writer.floats([factor])])],
  silu(e, { inputs: [x] }) {
    const value = operand(e, x!)
    return [e.node('Mul', [value, e.node('Sigmoid', [value])])]
  },
  rsqrt: (e, { inputs: [x], attributes: { epsilon } }) => [inverseRoot(e, operand(e, x!), epsilon)],
}

/** 1 / sqrt(x + epsilon). */
export function inverseRoot(e: Emitter, x: Name, epsilon: number): Name {
  return e.node('Reciprocal', [e.node('Sqrt', [e.node('Add', [x, e.writer.floats([epsilon])])])])
}
