import { type GraphBuilder, crossEntropy, crossEntropyGrad } from '@retnet/core'
import type { CasesOf } from '../case.js'
import { ids, listed, targets, uniform } from '../values/make.js'

const shapes = [[1], [63], [5, 100], [2, 7, 129], [3, 1000]]

export const lossCases: CasesOf<'crossEntropy' | 'crossEntropyGrad'> = {
  crossEntropy: [
    ...shapes.flatMap((shape) =>
      [ids, targets].map((make) => ({
        name: `[${shape.join(', ')}]${make === targets ? ', some targets ignored' : ''}`,
        build: (g: GraphBuilder) => ({
          y: crossEntropy(g.input('logits', shape), g.input('targets', shape.slice(0, -1), 'i32')),
        }),
        values: { logits: uniform(-5, 5), targets: make(shape[shape.length - 1]) },
      })),
    ),
    {
      name: 'logits whose exponentials overflow',
      build: (g) => ({ y: crossEntropy(g.input('logits', [2, 3]), g.input('targets', [2], 'i32')) }),
      values: { logits: listed(1000, -1000, 999, -500, -500.5, -700), targets: listed(2, 1) },
    },
    {
      name: 'every target ignored',
      build: (g) => ({ y: crossEntropy(g.input('logits', [3, 5]), g.input('targets', [3], 'i32')) }),
      values: { targets: listed(-1) },
    },
  ],
  crossEntropyGrad: [
    ...shapes.slice(1).map((shape) => ({
      name: `[${shape.join(', ')}], some targets ignored`,
      build(g: GraphBuilder) {
        const rows = shape.slice(0, -1)
        return {
          y: crossEntropyGrad(g.input('logits', shape), g.input('targets', rows, 'i32'), g.input('dLoss', rows)),
        }
      },
      values: { logits: uniform(-5, 5), targets: targets(shape[shape.length - 1]) },
    })),
    {
      name: 'logits whose exponentials overflow',
      build(g) {
        return { y: crossEntropyGrad(g.input('logits', [2, 3]), g.input('targets', [2], 'i32'), g.input('dLoss', [2])) }
      },
      values: { logits: listed(1000, -1000, 999, -500, -500.5, -700), targets: listed(2, 1) },
      by: [],
    },
  ],
}
