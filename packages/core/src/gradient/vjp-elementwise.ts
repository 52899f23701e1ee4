import { normalCdf } from '../expansions/activation.js'
import { add, div, exp, mul, scale, sigmoid, sub } from '../ops/elementwise.js'
import { sum } from '../ops/reduction.js'
import { sumTo } from './sum-to.js'
import type { Vjps } from './vjp-table.js'

type ElementwiseOp =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'scale'
  | 'exp'
  | 'log'
  | 'erf'
  | 'sigmoid'
  | 'silu'
  | 'gelu'
  | 'rsqrt'
  | 'softmax'

export const elementwiseVjps: Vjps<ElementwiseOp> = {
  add: ({ operands: [a, b], gradients: [dy] }) => [sumTo(dy!, a!.type.shape), sumTo(dy!, b!.type.shape)],
  sub: ({ operands: [a, b], gradients: [dy] }) => [sumTo(dy!, a!.type.shape), sumTo(scale(dy!, -1), b!.type.shape)],
  mul({ operands: [a, b], gradients: [dy] }) {
    return [sumTo(mul(dy!, b!), a!.type.shape), sumTo(mul(dy!, a!), b!.type.shape)]
  },
  div({ operands: [a, b], results: [y], gradients: [dy] }) {
    const da = div(dy!, b!)
    return [sumTo(da, a!.type.shape), sumTo(scale(mul(da, y), -1), b!.type.shape)]
  },
  scale: ({ attributes: { factor }, gradients: [dy] }) => [scale(dy!, factor)],
  exp: ({ results: [y], gradients: [dy] }) => [mul(dy!, y)],
  log: ({ operands: [x], gradients: [dy] }) => [div(dy!, x!)],
  erf({ operands: [x], gradients: [dy] }) {
    return [scale(mul(dy!, exp(scale(mul(x!, x!), -1))), 2 / Math.sqrt(Math.PI))]
  },
  sigmoid: ({ results: [y], gradients: [dy] }) => [mul(dy!, sub(y, mul(y, y)))],
  silu({ operands: [x], results: [y], gradients: [dy] }) {
    const gate = sigmoid(x!)
    return [mul(dy!, add(gate, sub(y, mul(y, gate))))]
  },
  gelu({ operands: [x], gradients: [dy] }) {
    const density = scale(exp(scale(mul(x!, x!), -0.5)), 1 / Math.sqrt(2 * Math.PI))
    return [mul(dy!, add(normalCdf(x!), mul(x!, density)))]
  },
  rsqrt: ({ results: [y], gradients: [dy] }) => [scale(mul(dy!, mul(y, mul(y, y))), -0.5)],
  softmax({ results: [y], gradients: [dy] }) {
    const weighted = mul(dy!, y)
    return [sub(weighted, mul(y, sum(weighted, [y.type.shape.length - 1])))]
  },
}
