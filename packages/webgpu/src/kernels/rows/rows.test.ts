/** Products of some ten rows against the kernels for few rows, with subgroup matrices emulated. */
import { encodeWeight } from '@retnet/conformance'
import type { WeightEncoding } from '@retnet/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Lowering } from '../../compile/lowering.js'
import { type OpenDevice, openDevice } from '../../device/open-device.js'
import type { KernelTuning } from '../../device/profile.js'
import { findSoftwareAdapter } from '../../testing/software-adapter.js'
import { AloneKernels, type AloneTensor } from '../alone.js'
import { type Product, emitFewRows } from '../decode/product.js'
import { HeadStatistics } from '../decode/statistics.js'
import { emulatedMatrixText } from '../matmul/matrix-emulation.js'
import { emitMatrixProduct } from './matrix-product.js'

const missing = await findSoftwareAdapter()
let open: OpenDevice
beforeAll(async () => {
  if (!missing) open = await openDevice({ profile: 'basic' })
})
afterAll(() => open?.device.destroy())

function numbers(size: number, seed: number): Float32Array {
  return Float32Array.from({ length: size }, (_, at) => Math.sin(at * 1.7 + seed * 0.9 + at * at * 0.013))
}

/** x, two weights, their biases, weight and bias of a norm, a residual, two results. */
function tensors(
  rows: number,
  inner: number,
  columns: readonly [number, number],
  encoding: WeightEncoding,
): AloneTensor[] {
  const weight = (width: number, seed: number): AloneTensor => {
    const shape = [width, inner]
    return { shape, weight: encodeWeight({ dtype: 'f32', shape }, encoding, numbers(width * inner, seed)) }
  }
  const plain = (shape: number[], seed: number): AloneTensor => ({
    shape,
    data: numbers(
      shape.reduce((size, extent) => size * extent, 1),
      seed,
    ),
  })
  return [
    plain([rows, inner], 1),
    weight(columns[0], 2),
    weight(columns[1], 3),
    plain([columns[0]], 4),
    plain([columns[1]], 5),
    plain([inner], 6),
    plain([inner], 7),
    plain([rows, columns[0]], 8),
    { shape: [rows, columns[0]], data: null },
    { shape: [rows, columns[1]], data: null },
  ]
}

async function results(
  all: readonly AloneTensor[],
  emit: (lowering: Lowering) => void,
  tune: KernelTuning,
  outputs: readonly number[],
) {
  const profile = { ...open.profile, barriers: true, tune }
  using alone = await new AloneKernels(open.device, profile, all, emit).prepare()
  alone.run()
  return Promise.all(outputs.map((output) => alone.read(output)))
}

/** Largest distance as a share of the largest number. */
async function distance(all: readonly AloneTensor[], product: Product, tune: KernelTuning): Promise<number> {
  const outputs = product.members.map(({ output }) => output)
  const few = await results(all, (lowering) => emitFewRows(product, lowering), {}, outputs)
  const many = await results(all, (lowering) => emitMatrixProduct(product, lowering, emulatedMatrixText), tune, outputs)
  const worst = few.map((expected, m) => {
    const gaps = expected.map((value, at) => Math.abs(value - many[m][at]))
    return (
      gaps.reduce((top, gap) => (gap <= top ? top : gap), 0) /
      expected.reduce((top, value) => Math.max(top, Math.abs(value)), 0)
    )
  })
  return Math.max(...worst)
}

const linear = (weight: number) => ({ weight, bias: null })
const withBias = (weight: number) => ({ weight, bias: weight + 2 })

test.skipIf(Boolean(missing)).each([
  [5, 64, 'f16', {}],
  [17, 136, 'f16', { depth: 32, groups: 8 }],
  [33, 272, 'q8', { depth: 64, groups: 6 }],
  [9, 160, 'q4', { depth: 64, groups: 2 }],
  [16, 104, 'q4', { depth: 64 }],
] as const)(
  '%i rows of %i numbers by %s weights give what the kernels for few rows do',
  async (rows, inner, encoding, tune) => {
    const all = tensors(rows, inner, [100, 63], encoding)
    const product = { name: 'product', rows, inner, encoding, residual: null } as const
    const norm = { x: 0, weight: 5, bias: null, epsilon: 1e-5 } as const
    const stacked: Product = {
      ...product,
      input: { ...norm, kind: 'rms' },
      members: [
        { linears: [withBias(1)], activation: null, output: 8 },
        { linears: [linear(2)], activation: 'gelu', output: 9 },
      ],
    }
    expect(await distance(all, stacked, tune)).toBeLessThan(2e-3)
    const residual: Product = {
      ...product,
      input: { ...norm, bias: 6, kind: 'layer' },
      members: [{ linears: [withBias(1)], activation: null, output: 8 }],
      residual: { x: 7, factor: 0.7 },
    }
    expect(await distance(all, residual, tune)).toBeLessThan(2e-3)
  },
)

test.skipIf(Boolean(missing))('a gated pair, and the norm of heads, are applied', async () => {
  const [rows, inner, width] = [7, 96, 48]
  const all = [...tensors(rows, inner, [68, 68], 'f16'), { shape: [rows, inner], data: numbers(rows * inner, 9) }]
  const gated: Product = {
    name: 'product.gated',
    rows,
    inner,
    encoding: 'f16',
    input: { kind: 'plain', x: 0 },
    members: [{ linears: [withBias(1), withBias(2)], activation: 'silu', output: 8 }],
    residual: null,
  }
  expect(await distance(all, gated, {})).toBeLessThan(2e-3)
  // [rows, heads, tiles]: sums of squares, here any numbers above zero
  const statistics = new HeadStatistics({ rows, heads: 2, width, tile: 32 })
  statistics.wanted = 'rms'
  const at = all.length
  statistics.slot = () => ({ kind: 'value', value: at })
  const squares = { shape: [rows, 2, 2], data: Float32Array.from({ length: rows * 4 }, (_, index) => 10 + index) }
  const heads: Product = {
    ...gated,
    input: { kind: 'heads', x: 0, weight: null, bias: null, epsilon: 1e-5, gate: 10, statistics },
    members: [{ linears: [linear(1)], activation: null, output: 8 }],
  }
  expect(await distance([...all, squares], heads, {})).toBeLessThan(2e-3)
})
