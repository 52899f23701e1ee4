import { type GraphBuilder, type WeightEncoding, batchMatmul, embed, matmul, scatterAdd } from '@retnet/core'
import type { CaseBody, CasesOf } from '../case.js'
import { ids, listed } from '../values/make.js'

const encodings: readonly WeightEncoding[] = ['f32', 'f16', 'q8', 'q4']
const quantized: readonly WeightEncoding[] = ['q8', 'q4']
const flags = [false, true]

// rows, inner, columns
const sizes = [
  [1, 1, 1],
  [1, 100, 129],
  [3, 63, 5],
  [63, 129, 100],
  [129, 7, 1],
]

const products = sizes.flatMap(([rows, inner, columns]) =>
  flags.flatMap((transposeA) =>
    flags.map((transposeB): CaseBody => {
      const a = transposeA ? [inner, rows] : [rows, inner]
      const b = transposeB ? [columns, inner] : [inner, columns]
      return {
        name: `[${a.join(', ')}]${transposeA ? ' transposed' : ''} by [${b.join(', ')}]${transposeB ? ' transposed' : ''}`,
        build: (g) => ({ y: matmul(g.input('a', a), g.input('b', b), { transposeA, transposeB }) }),
      }
    }),
  ),
)

const linearShapes = [
  { x: [1, 1, 64], outputs: 96 },
  { x: [1, 1, 100], outputs: 129 },
  { x: [1, 256], outputs: 3 },
  { x: [2, 4, 32], outputs: 63 },
  { x: [3, 21, 100], outputs: 65 },
  { x: [129, 63], outputs: 1 },
  { x: [7, 31], outputs: 1000 },
]

const linears = linearShapes.flatMap(({ x, outputs }) =>
  encodings.map((encoding): CaseBody => ({
    name: `[${x.join(', ')}] by a weight [${outputs}, ${x[x.length - 1]}] in ${encoding}`,
    build: (g) => ({
      y: matmul(g.input('x', x), g.parameter('weight', [outputs, x[x.length - 1]]), { transposeB: true }),
    }),
    encodings: { weight: encoding },
    ...(encoding === 'f32' ? {} : { by: [] }),
  })),
)

const batches = [
  { leading: [1], size: [1, 1, 1] },
  { leading: [3], size: [5, 63, 7] },
  { leading: [2, 3], size: [63, 16, 24] },
  { leading: [2, 1, 2], size: [9, 100, 9] },
  { leading: [], size: [7, 5, 3] },
]

const batchProducts = batches.flatMap(({ leading, size: [rows, inner, columns] }) =>
  flags.flatMap((transposeA) =>
    flags.map((transposeB): CaseBody => {
      const a = [...leading, ...(transposeA ? [inner, rows] : [rows, inner])]
      const b = [...leading, ...(transposeB ? [columns, inner] : [inner, columns])]
      return {
        name: `[${a.join(', ')}]${transposeA ? ' transposed' : ''} by [${b.join(', ')}]${transposeB ? ' transposed' : ''}`,
        build: (g) => ({ y: batchMatmul(g.input('a', a), g.input('b', b), { transposeA, transposeB }) }),
      }
    }),
  ),
)

export const contractionCases: CasesOf<'matmul' | 'batchMatmul' | 'embed' | 'scatterAdd'> = {
  matmul: [
    ...products,
    ...linears,
    {
      name: 'leading axes on both sides',
      build: (g) => ({ y: matmul(g.input('a', [2, 5, 7]), g.input('b', [2, 5, 3]), { transposeA: true }) }),
    },
    {
      name: 'a tensor by itself transposed',
      build(g) {
        const x = g.input('x', [9, 63])
        return { y: matmul(x, x, { transposeB: true }) }
      },
    },
    ...quantized.map((encoding): CaseBody => ({
      name: `one ${encoding} weight read twice`,
      build(g) {
        const weight = g.parameter('weight', [100, 100])
        const hidden = matmul(g.input('x', [3, 100]), weight, { transposeB: true })
        return { y: matmul(hidden, weight, { transposeB: true }) }
      },
      encodings: { weight: encoding },
      by: [],
    })),
    ...quantized.map((encoding): CaseBody => ({
      name: `a ${encoding} weight that is not transposed`,
      build: (g) => ({ y: matmul(g.input('x', [3, 63]), g.parameter('weight', [63, 100])) }),
      encodings: { weight: encoding },
      by: ['x'],
    })),
  ],
  batchMatmul: batchProducts,
  embed: [
    ...encodings.flatMap((encoding) =>
      [1, 63, 129].map((width): CaseBody => ({
        name: `[2, 7] ids, the first and the last among them, into [100, ${width}] in ${encoding}`,
        build: (g) => ({ y: embed(g.parameter('table', [100, width]), g.input('ids', [2, 7], 'i32')) }),
        encodings: { table: encoding },
        values: { ids: ids(100) },
        ...(encoding === 'f32' ? {} : { by: [] }),
      })),
    ),
    {
      name: 'rows of a result',
      build: (g) => ({ y: embed(matmul(g.input('x', [9, 5]), g.input('w', [5, 63])), g.input('ids', [3], 'i32')) }),
      values: { ids: listed(8, 0, 8) },
    },
    {
      name: 'one id',
      build: (g) => ({ y: embed(g.parameter('table', [1, 5]), g.input('ids', [1], 'i32')) }),
      values: { ids: ids(1) },
    },
    ...quantized.map((encoding): CaseBody => ({
      name: `a table that is also the output weight, in ${encoding}`,
      build(g: GraphBuilder) {
        const table = g.parameter('table', [100, 63])
        return { logits: matmul(embed(table, g.input('ids', [5], 'i32')), table, { transposeB: true }) }
      },
      encodings: { table: encoding },
      values: { ids: ids(100) },
      by: [],
    })),
  ],
  scatterAdd: [
    {
      name: 'rows that repeat',
      build: (g) => ({ y: scatterAdd(g.input('x', [129, 63]), g.input('ids', [129], 'i32'), 10) }),
      values: { ids: ids(10) },
    },
    {
      name: 'every row into one of many',
      build: (g) => ({ y: scatterAdd(g.input('x', [100, 5]), g.input('ids', [100], 'i32'), 129) }),
      values: { ids: listed(128) },
    },
    {
      name: 'ids with two axes',
      build: (g) => ({ y: scatterAdd(g.input('x', [2, 7, 1]), g.input('ids', [2, 7], 'i32'), 3) }),
      values: { ids: ids(3) },
    },
  ],
}
