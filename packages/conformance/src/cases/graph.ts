/** What no single op shows: states that live between runs, values under two names, and several ops together. */
import {
  type GraphBuilder,
  add,
  embed,
  languageModelHead,
  matmul,
  mul,
  positions,
  retention,
  retnet,
  rmsNorm,
  scale,
  silu,
  sum,
} from '@retnet/core'
import type { CasesOf } from '../case.js'
import { counting, ids, listed, mask } from '../values/make.js'
import { tinySpec } from '../models/tiny-spec.js'

export const graphCases: CasesOf<'graph'> = {
  graph: [
    {
      name: 'an input is an output, under two names',
      build(g) {
        const x = g.input('x', [63])
        return { first: x, second: x, twice: add(x, x) }
      },
    },
    {
      name: 'a parameter is an output',
      build: (g) => ({ y: g.parameter('weight', [3, 5]) }),
    },
    {
      name: 'a state that stays and is an output',
      build(g) {
        const state = g.state('memory', [63])
        g.updateState(state, state)
        return { y: scale(state, 2), state }
      },
    },
    {
      name: 'two states that change places',
      build(g) {
        const [a, b] = [g.state('a', [63]), g.state('b', [63])]
        g.updateState(a, b)
        g.updateState(b, a)
        return { y: add(a, g.input('x', [63])) }
      },
    },
    {
      name: 'a state read after its next value is made',
      build(g) {
        const state = g.state('memory', [5, 7])
        const next = add(mul(state, g.input('x', [7])), g.input('bias', [7]))
        g.updateState(state, next)
        return { difference: mul(add(next, scale(state, -1)), state), next }
      },
    },
    {
      name: 'two states with one next value',
      build(g) {
        const [a, b] = [g.state('a', [9]), g.state('b', [9])]
        const next = add(a, scale(b, 0.5))
        g.updateState(a, next)
        g.updateState(b, next)
        return { y: mul(a, b) }
      },
    },
    {
      name: 'the state becomes an input',
      build(g) {
        const state = g.state('memory', [9])
        const x = g.input('x', [9])
        g.updateState(state, x)
        return { y: mul(state, x) }
      },
    },
    {
      name: 'a counter in integers',
      build(g) {
        const count = g.state('count', [2], 'i32')
        const place = positions(count, g.input('mask', [2, 5], 'i32'))
        g.updateState(count, place.next)
        return { places: place.positions }
      },
      values: { count: listed(3, 100_000), mask: mask('right') },
      by: [],
    },
    {
      name: 'retention keeps its state, which its gradient reads again',
      build(g) {
        const before = g.state('memory', [2, 2, 8, 4])
        const [q, k] = ['q', 'k'].map((name) => g.input(name, [2, 21, 2, 8]))
        const v = g.input('v', [2, 21, 2, 4])
        const result = retention(q, k, v, { logDecay: [-0.1, -0.01], state: before })
        g.updateState(before, result.state)
        return { output: result.output, state: result.state }
      },
    },
    {
      name: 'a chain of unary ops, whose buffers may be shared',
      build(g) {
        let x = g.input('x', [129])
        for (let round = 0; round < 5; round++) x = silu(scale(add(x, g.input(`bias${round}`, [129])), 1.5))
        return { y: x }
      },
    },
    {
      name: 'an early result that is read late',
      build(g) {
        const early = matmul(g.input('x', [5, 63]), g.input('w', [63, 63]))
        let late = early
        for (let round = 0; round < 4; round++) late = rmsNorm(matmul(late, g.input(`w${round}`, [63, 63])), null, 1e-5)
        return { y: add(late, early), total: sum(early, [0, 1]) }
      },
    },
    ...(['glu', 'mlp'] as const).flatMap((kind) =>
      [1, 21].map((length) => ({
        name: `a RetNet layer with ${kind}, length ${length}`,
        build(g: GraphBuilder) {
          const spec = tinySpec(kind)
          const tokens = g.input('tokens', [2, length], 'i32')
          const live = g.input('mask', [2, length], 'i32')
          return { logits: languageModelHead(g, spec, retnet(g, spec, { tokens, mask: live })) }
        },
        values: { tokens: ids(31), mask: mask('ragged'), position: listed(0, 4) },
        tolerance: 2e-5,
      })),
    ),
    {
      name: 'rows of an embedded text picked again',
      build(g) {
        const x = embed(g.parameter('table', [31, 9]), g.input('ids', [21], 'i32'))
        return { y: embed(silu(x), g.input('rows', [3], 'i32')) }
      },
      values: { ids: ids(31), rows: counting(18) },
    },
  ],
}
