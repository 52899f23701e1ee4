import { type GraphBuilder, layerNorm, rmsNorm } from '@retnet/core'
import type { CaseBody, CasesOf } from '../case.js'
import { listed, uniform } from '../values/make.js'

const shapes = [[1], [63], [5, 100], [2, 3, 129], [2, 5, 3, 24], [129, 7], [3, 1000]]
const last = (shape: readonly number[]) => shape.slice(-1)

export const normCases: CasesOf<'rmsNorm' | 'layerNorm'> = {
  rmsNorm: shapes
    .flatMap((shape): CaseBody[] => [
      { name: `[${shape.join(', ')}]`, build: (g) => ({ y: rmsNorm(g.input('x', shape), null, 1e-6) }) },
      {
        name: `[${shape.join(', ')}] with weight`,
        build: (g) => ({ y: rmsNorm(g.input('x', shape), g.parameter('weight', last(shape)), 1e-5) }),
      },
    ])
    .concat([
      {
        name: 'of a row of zeros and one far smaller than epsilon',
        build: (g: GraphBuilder) => ({ y: rmsNorm(g.input('x', [2, 3]), null, 1e-6) }),
        values: { x: listed(0, 0, 0, 1e-9, -2e-9, 3e-9) },
        by: [],
      },
    ]),
  layerNorm: shapes
    .slice(1)
    .flatMap((shape): CaseBody[] => [
      { name: `[${shape.join(', ')}]`, build: (g) => ({ y: layerNorm(g.input('x', shape), null, null, 1e-6) }) },
      {
        name: `[${shape.join(', ')}] with weight`,
        build: (g) => ({ y: layerNorm(g.input('x', shape), g.parameter('weight', last(shape)), null, 1e-5) }),
      },
      {
        name: `[${shape.join(', ')}] with weight and bias`,
        build(g) {
          const [weight, bias] = [g.parameter('weight', last(shape)), g.parameter('bias', last(shape))]
          return { y: layerNorm(g.input('x', shape), weight, bias, 1e-5) }
        },
      },
      {
        name: `[${shape.join(', ')}] with bias`,
        build: (g) => ({ y: layerNorm(g.input('x', shape), null, g.parameter('bias', last(shape)), 1e-5) }),
      },
    ])
    .concat([
      {
        name: 'of numbers far from zero',
        build: (g: GraphBuilder) => ({ y: layerNorm(g.input('x', [3, 100]), null, null, 1e-6) }),
        values: { x: uniform(99, 101) },
        // the numbers themselves are given to 1 part in 10^7 of 100, and differ by 1
        tolerance: 1e-4,
        by: [],
      },
      {
        name: 'of a constant row',
        build: (g: GraphBuilder) => ({ y: layerNorm(g.input('x', [2, 4]), null, g.input('bias', [4]), 1e-5) }),
        values: { x: listed(0.5) },
        by: [],
      },
    ]),
}
