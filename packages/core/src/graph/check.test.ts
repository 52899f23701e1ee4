import { expect, test } from 'vitest'
import type { Graph, GraphNode } from '../contract/graph.js'
import { add, mul } from '../ops/elementwise.js'
import { trace } from './builder.js'
import { check } from './check.js'

const good = trace('good', (g) => {
  const memory = g.state('memory', [2])
  const next = add(memory, mul(g.input('x', [2]), g.parameter('weight', [2])))
  g.updateState(memory, next)
  return { y: next }
})

// values: 0 memory, 1 x, 2 weight, 3 product, 4 sum
const [product, total] = good.nodes
const broken: readonly [string, Partial<Graph>, string][] = [
  ['another version', { specVersion: 2 as never }, 'expected specVersion 1, got 2'],
  [
    'an unknown dtype',
    { types: [{ dtype: 'f64' as never, shape: [2] }, ...good.types.slice(1)] },
    'value 0: expected f32 or i32',
  ],
  [
    'a negative extent',
    { types: [{ dtype: 'f32', shape: [-2] }, ...good.types.slice(1)] },
    'whole extents, got f32[-2]',
  ],
  [
    'a fractional extent',
    { types: [{ dtype: 'f32', shape: [0.5] }, ...good.types.slice(1)] },
    'whole extents, got f32[0.5]',
  ],
  ['an unknown op', { nodes: [{ ...product, op: 'frobnicate' as never }, total] }, 'node 0: frobnicate is not an op'],
  ['an op named like a method', { nodes: [{ ...product, op: 'toString' as never }, total] }, 'toString is not an op'],
  ['a value used before it is made', { nodes: [total, product] }, 'node 0 (add): value 3 is used before it is made'],
  ['a value without a type', { inputs: [{ name: 'x', value: 99 }] }, 'x: value 99 has no type'],
  [
    'an operand without a type',
    { nodes: [{ ...product, inputs: [1, 99] }, total] },
    'value 99 is used before it is made',
  ],
  ['a value made twice', { nodes: [product, product, total] }, 'node 1 (mul): value 3 is made twice'],
  ['an input that is also a parameter', { inputs: [{ name: 'x', value: 2 }] }, 'weight: value 2 is made twice'],
  [
    'a missing operand',
    { nodes: [{ ...product, inputs: [1, null] }, total] },
    'mul: expected b to be given, got nothing',
  ],
  [
    'too few outputs',
    { nodes: [{ ...product, outputs: [] }, total] },
    'node 0 (mul): gives f32[2], but the graph declares .',
  ],
  [
    'a result of another shape',
    { types: good.types.map((type, id) => (id === 3 ? { ...type, shape: [3] } : type)) },
    'declares f32[3]',
  ],
  [
    'an output that is never made',
    { outputs: [{ name: 'y', value: 99 }] },
    'output y: value 99 is used before it is made',
  ],
  ['a state without a next value', { states: [{ name: 'memory', input: 0, output: 99 }] }, 'state memory: value 99'],
]

test('a traced graph passes, also after a trip through JSON', () => {
  check(good)
  check(JSON.parse(JSON.stringify(good)) as Graph)
})

test.each(broken)('%s is refused', (_what, change, message) => {
  expect(() => check({ ...good, ...change })).toThrow(message)
})

test('a state that changes its shape is refused', () => {
  const graph = trace('graph', (g) => {
    const memory = g.state('memory', [1])
    g.updateState(memory, memory)
    return { y: add(memory, g.input('x', [2])) }
  })
  const [{ outputs }] = graph.nodes as readonly GraphNode[]
  expect(() => check({ ...graph, states: [{ ...graph.states[0], output: outputs[0] }] })).toThrow(
    'state memory: is f32[1], its next value f32[2].',
  )
})
