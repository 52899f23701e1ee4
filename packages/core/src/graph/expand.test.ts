import { expect, test } from 'vitest'
import type { OpName } from '../contract/op-map.js'
import { gelu, silu } from '../ops/elementwise.js'
import { rmsNorm } from '../ops/norm.js'
import { retention } from '../ops/retention.js'
import { trace } from './builder.js'
import { check } from './check.js'
import { expand, expansions } from './expand.js'
import { prune } from './prune.js'

const graph = trace('graph', (g) => {
  const x = g.input('x', [1, 3, 2, 4])
  const memory = g.state('memory', [1, 2, 4, 4])
  const { output, state } = retention(silu(x), gelu(x), x, { logDecay: [-0.1, 0], state: memory })
  g.updateState(memory, state)
  return { y: rmsNorm(output, g.parameter('weight', [4]), 1e-6) }
})

test('ops with a decomposition are exactly these', () => {
  expect(Object.keys(expansions).toSorted()).toEqual(['gelu', 'layerNorm', 'retention', 'rmsNorm', 'silu'])
})

test('unsupported ops are replaced, names and types of everything declared stay', () => {
  const expanded = expand(graph, ({ op }) => !(op in expansions) || 'left out')
  check(expanded)
  const ops = new Set<OpName>(expanded.nodes.map(({ op }) => op))
  expect([...ops].filter((op) => op in expansions)).toEqual([])
  for (const part of ['inputs', 'parameters', 'outputs', 'states'] as const) {
    expect(expanded[part].map(({ name }) => name)).toEqual(graph[part].map(({ name }) => name))
  }
})

test('a graph that is supported is the same graph', () => {
  expect(expand(graph, () => true)).toBe(graph)
})

test('an op without decomposition gives the reason of the backend', () => {
  expect(() => expand(graph, ({ op }) => (op === 'silu' || op === 'sigmoid' ? 'no exponentials here' : true))).toThrow(
    'op sigmoid: the backend has no kernel: no exponentials here, and the op has no decomposition.',
  )
})

test('pruning drops what nobody reads and keeps the states', () => {
  const wasteful = trace('wasteful', (g) => {
    const x = g.input('x', [2])
    const memory = g.state('memory', [2])
    gelu(gelu(x))
    g.updateState(memory, silu(memory))
    return { y: gelu(x) }
  })
  const pruned = prune(wasteful)
  check(pruned)
  expect(pruned.nodes.map(({ op }) => op)).toEqual(['silu', 'gelu'])
})
