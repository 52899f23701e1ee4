import { add, broadcast, cast, concat, constant, fill, reshape, slice, transpose } from '@retnet/core'
import type { CasesOf } from '../case.js'
import { counting } from '../values/make.js'

type StructureOp = 'reshape' | 'transpose' | 'slice' | 'concat' | 'broadcast' | 'cast' | 'fill' | 'constant'

const transposes = [
  { shape: [63, 100], permutation: [1, 0] },
  { shape: [129, 1], permutation: [1, 0] },
  { shape: [3, 5, 7], permutation: [2, 0, 1] },
  { shape: [3, 5, 7], permutation: [0, 2, 1] },
  { shape: [2, 63, 3, 5], permutation: [0, 2, 1, 3] },
  { shape: [2, 3, 63, 5], permutation: [0, 2, 3, 1] },
  { shape: [2, 3, 4, 5, 6], permutation: [4, 2, 0, 3, 1] },
  { shape: [2, 3, 4], permutation: [0, 1, 2] },
]

const slices = [
  { shape: [129], starts: [1], sizes: [100] },
  { shape: [63, 100], starts: [0, 37], sizes: [63, 63] },
  { shape: [63, 100], starts: [62, 0], sizes: [1, 100] },
  { shape: [3, 5, 7, 9], starts: [1, 0, 2, 3], sizes: [2, 5, 1, 6] },
]

const broadcasts = [
  { from: [1], to: [129] },
  { from: [100], to: [63, 100] },
  { from: [63, 1], to: [63, 100] },
  { from: [2, 1, 3, 1], to: [2, 5, 3, 7] },
  { from: [1, 7], to: [2, 3, 7] },
]

const concats = [
  { parts: [[63], [1], [100]], axis: 0 },
  {
    parts: [
      [3, 100],
      [5, 100],
    ],
    axis: 0,
  },
  {
    parts: [
      [63, 1],
      [63, 99],
      [63, 3],
    ],
    axis: 1,
  },
  {
    parts: [
      [2, 3, 5],
      [2, 4, 5],
    ],
    axis: 1,
  },
]

export const structureCases: CasesOf<StructureOp> = {
  reshape: [
    { name: '[6, 129] to [2, 3, 129, 1]', build: (g) => ({ y: reshape(g.input('x', [6, 129]), [2, 3, 129, 1]) }) },
    { name: '[1] to a scalar', build: (g) => ({ y: reshape(g.input('x', [1]), []) }) },
    {
      name: 'integers',
      build: (g) => ({ y: reshape(g.input('x', [3, 5], 'i32'), [15]) }),
      values: { x: counting(-2) },
    },
    {
      name: 'of a result that is read under both shapes',
      build(g) {
        const sum = add(g.input('x', [3, 5]), g.input('bias', [5]))
        return { flat: add(reshape(sum, [15]), g.input('offset', [15])), sum }
      },
    },
  ],
  transpose: [
    ...transposes.map(({ shape, permutation }) => ({
      name: `[${shape.join(', ')}] by [${permutation.join(', ')}]`,
      build: (g: Builder) => ({ y: transpose(g.input('x', shape), permutation) }),
    })),
    {
      name: 'integers',
      build: (g) => ({ y: transpose(g.input('x', [3, 5], 'i32'), [1, 0]) }),
      values: { x: counting(-2) },
    },
  ],
  slice: [
    ...slices.map(({ shape, starts, sizes }) => ({
      name: `[${sizes.join(', ')}] at [${starts.join(', ')}] of [${shape.join(', ')}]`,
      build: (g: Builder) => ({ y: slice(g.input('x', shape), starts, sizes) }),
    })),
    {
      name: 'integers',
      build: (g) => ({ y: slice(g.input('x', [3, 5], 'i32'), [1, 2], [2, 2]) }),
      values: { x: counting(-2) },
    },
  ],
  concat: [
    ...concats.map(({ parts, axis }) => ({
      name: `${parts.map((part) => `[${part.join(', ')}]`).join(' ')} on axis ${axis}`,
      build: (g: Builder) => ({
        y: concat(
          parts.map((part, index) => g.input(`part${index}`, part)),
          axis,
        ),
      }),
    })),
    {
      name: 'a tensor with itself',
      build(g) {
        const x = g.input('x', [3, 5])
        return { y: concat([x, x], 1) }
      },
    },
    {
      name: 'integers',
      build: (g) => ({ y: concat([g.input('a', [5], 'i32'), g.input('b', [2], 'i32')], 0) }),
      values: { a: counting(-2), b: counting(7) },
    },
  ],
  broadcast: [
    ...broadcasts.map(({ from, to }) => ({
      name: `[${from.join(', ')}] to [${to.join(', ')}]`,
      build: (g: Builder) => ({ y: broadcast(g.input('x', from), to) }),
    })),
    { name: 'a scalar to [3, 5]', build: (g) => ({ y: broadcast(g.input('x', []), [3, 5]) }) },
  ],
  cast: [
    {
      name: 'integers around zero',
      build: (g) => ({ y: cast(g.input('x', [129], 'i32')) }),
      values: { x: counting(-64) },
    },
    { name: 'numbers stay', build: (g) => ({ y: cast(g.input('x', [63], 'i32')) }), values: { x: counting(100_000) } },
  ],
  fill: [
    {
      name: 'added to an input',
      build: (g) => ({ y: add(g.input('x', [63]), fill(g, [63], -1.25)) }),
    },
    { name: 'as an output', build: (g) => ({ zeros: fill(g, [3, 5], 0), y: fill(g, [1], 0.1) }) },
  ],
  constant: [
    {
      name: 'added to an input',
      build: (g) => ({ y: add(g.input('x', [2, 3]), constant(g, [3], [0.1, -2, 1e-20])) }),
    },
    { name: 'as an output', build: (g) => ({ y: constant(g, [2, 2], [1, 2, 3, 4]) }) },
  ],
}

type Builder = Parameters<CasesOf<'reshape'>['reshape'][number]['build']>[0]
