import {
  type GraphBuilder,
  type Value,
  add,
  div,
  erf,
  exp,
  gelu,
  log,
  mul,
  rsqrt,
  scale,
  sigmoid,
  silu,
  sub,
} from '@retnet/core'
import type { CaseBody, CasesOf } from '../case.js'
import { type MakeValues, listed, uniform } from '../values/make.js'

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

const pairs = [
  { a: [1], b: [1] },
  { a: [], b: [] },
  { a: [129], b: [129] },
  { a: [63, 100], b: [63, 100] },
  { a: [63, 100], b: [100] },
  { a: [100], b: [63, 100] },
  { a: [63, 100], b: [1] },
  { a: [], b: [5, 7] },
  { a: [63, 1], b: [1, 100] },
  { a: [63, 100], b: [63, 1] },
  { a: [2, 3, 1, 5], b: [4, 1] },
  { a: [1, 3, 1, 1], b: [2, 3, 7, 5] },
  { a: [2, 1, 9, 1], b: [2, 1, 1, 9] },
]

function binaryCases(apply: (a: Value, b: Value) => Value, divisor: MakeValues = uniform(-1, 1)): CaseBody[] {
  return [
    ...pairs.map(({ a, b }) => ({
      name: `[${a.join(', ')}] and [${b.join(', ')}]`,
      build: (g: GraphBuilder) => ({ y: apply(g.input('a', a), g.input('b', b)) }),
      values: { b: divisor },
    })),
    {
      name: 'a tensor and itself',
      build(g) {
        const x = g.input('x', [63])
        return { y: apply(x, x) }
      },
      values: { x: divisor },
    },
  ]
}

const shapes = [[1], [63], [100], [129], [3, 5, 7], [2, 1000]]

function unaryCases(
  apply: (x: Value) => Value,
  values: MakeValues = uniform(-3, 3),
  edges: readonly number[] = [],
): CaseBody[] {
  const sized = shapes.map((shape) => ({
    name: `[${shape.join(', ')}]`,
    build: (g: GraphBuilder) => ({ y: apply(g.input('x', shape)) }),
    values: { x: values },
  }))
  if (edges.length === 0) return sized
  const edge: CaseBody = {
    name: `at ${edges.join(', ')}`,
    build: (g) => ({ y: apply(g.input('x', [edges.length])) }),
    values: { x: listed(...edges) },
  }
  return [...sized, edge]
}

export const elementwiseCases: CasesOf<ElementwiseOp> = {
  add: binaryCases(add),
  sub: binaryCases(sub),
  mul: binaryCases(mul),
  div: binaryCases(div, uniform(0.5, 2)),
  scale: [
    ...unaryCases((x) => scale(x, -0.3)),
    ...unaryCases((x) => scale(x, 0))
      .slice(1, 2)
      .map(named('by zero')),
  ],
  exp: [
    ...unaryCases(exp),
    { ...unaryCases(exp, uniform(-100, -60))[1], name: 'far below zero', by: [] },
    { ...unaryCases(exp, uniform(60, 80))[1], name: 'far above zero', by: [] },
  ],
  log: [
    ...unaryCases(log, uniform(0.1, 5)),
    { ...unaryCases(log, listed(1e-30, 1e30, 1, 0.999999, 1.000001))[1], name: 'of tiny and huge numbers', by: [] },
  ],
  erf: unaryCases(erf, uniform(-3, 3), [0, 1e-6, -1e-3, 0.5, 2, 3, -3.5, 6, -20, 100]),
  sigmoid: unaryCases(sigmoid, uniform(-5, 5), [0, 30, -30, 90, -90, 1000, -1000]),
  silu: unaryCases(silu, uniform(-5, 5), [0, 1e-6, 3, -3, 20, -20, -90]),
  gelu: unaryCases(gelu, uniform(-4, 4), [0, 1e-6, 3, -3, 6, -6, -20, 20]),
  rsqrt: [
    ...unaryCases((x) => rsqrt(x, 1e-6), uniform(0.01, 4)),
    {
      ...unaryCases((x) => rsqrt(x, 1e-6), listed(0, 1e-6, 1e-12))[1],
      name: 'near zero, where epsilon counts',
      by: [],
    },
  ],
}

function named(name: string): (body: CaseBody) => CaseBody {
  return (body) => ({ ...body, name })
}
