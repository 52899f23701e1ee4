import { type GraphBuilder, softmax, sum } from '@retnet/core'
import type { CasesOf } from '../case.js'
import { listed, uniform } from '../values/make.js'

const sums = [
  { shape: [1], axes: [0] },
  { shape: [129], axes: [0] },
  { shape: [63, 100], axes: [0] },
  { shape: [63, 100], axes: [1] },
  { shape: [63, 100], axes: [0, 1] },
  { shape: [100, 63], axes: [] },
  { shape: [3, 5, 7], axes: [1] },
  { shape: [3, 5, 7], axes: [0, 2] },
  { shape: [2, 3, 63, 5], axes: [0, 2] },
  { shape: [2, 3, 63, 5], axes: [3] },
  { shape: [2, 3, 63, 5], axes: [3, 1] },
  { shape: [7, 1, 9], axes: [1] },
]

export const reductionCases: CasesOf<'sum' | 'softmax'> = {
  sum: [
    ...sums.map(({ shape, axes }) => ({
      name: `[${shape.join(', ')}] over axes [${axes.join(', ')}]`,
      build: (g: GraphBuilder) => ({ y: sum(g.input('x', shape), axes) }),
    })),
    {
      name: 'many small numbers after a large one',
      build: (g) => ({ y: sum(g.input('x', [1000]), [0]) }),
      values: { x: (type, seed) => uniform(0, 1)(type, seed).map((value, at) => (at === 0 ? 4096 : value)) },
    },
  ],
  softmax: [
    ...[[1], [63], [5, 100], [129, 3], [2, 3, 7], [2, 1000]].map((shape) => ({
      name: `[${shape.join(', ')}]`,
      build: (g: GraphBuilder) => ({ y: softmax(g.input('x', shape)) }),
      values: { x: uniform(-4, 4) },
    })),
    {
      name: 'of numbers whose exponentials overflow',
      build: (g) => ({ y: softmax(g.input('x', [2, 5])) }),
      values: { x: listed(1000, 1001, 999, -1000, 1000.5, -5000, -5001, -5000.25, -4999, -9000) },
    },
  ],
}
