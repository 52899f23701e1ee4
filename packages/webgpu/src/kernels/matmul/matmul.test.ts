import { type WeightData, type WeightEncoding, decodeWeight, weightBlockSize } from '@retnet/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kernel } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { type OpenDevice, openDevice } from '../../device/open-device.js'
import { findSoftwareAdapter } from '../../testing/software-adapter.js'
import { AloneKernels, type AloneTensor } from '../alone.js'
import type { Product } from './product.js'
import { matrixTile } from './matrix-tile.js'
import { emulatedMatrixText } from './matrix-emulation.js'
import { emitRegisterTile, matrixProduct } from './multiply.js'
import { emitTiled } from './tiled.js'

// why there is nothing to run the kernels on, where that is so
const missing = await findSoftwareAdapter()
let open: OpenDevice
beforeAll(async () => {
  if (missing) return
  open = await openDevice({ profile: 'basic' })
})
afterAll(() => open?.device.destroy())

function numbers(size: number, seed: number): Float32Array {
  return Float32Array.from({ length: size }, (_, at) => Math.sin(at * 1.7 + seed * 0.9 + at * at * 0.013))
}

const toHalf = (value: number) => new Uint16Array(new Float16Array([value]).buffer)[0]

function encode(shape: readonly number[], data: Float32Array, encoding: WeightEncoding): WeightData {
  const type = { shape, dtype: 'f32' as const }
  if (encoding === 'f32') return { type, encoding, data }
  if (encoding === 'f16') return { type, encoding, data: Uint16Array.from(data, toHalf) }
  const scales = new Float32Array(shape[0] * Math.ceil(shape[1] / weightBlockSize)).fill(1 / 127)
  return { type, encoding, data: Int8Array.from(data, (value) => Math.round(value * 127)), scales }
}

type Shape = Omit<Product, 'a' | 'b' | 'y'>

/** Largest difference from float64 products of the same numbers. */
async function error(
  shape: Shape,
  encoding: WeightEncoding | null,
  emit: (product: Product, lowering: Lowering) => void,
) {
  const { rows, inner, columns, batch, transposeA, transposeB } = shape
  const a = numbers(batch * rows * inner, 1)
  const shapeB = transposeB ? [batch * columns, inner] : [batch * inner, columns]
  const weight = encode(shapeB, numbers(batch * inner * columns, 2), encoding ?? 'f32')
  const b = decodeWeight(weight)
  const tensors: AloneTensor[] = [
    { shape: [batch, ...(transposeA ? [inner, rows] : [rows, inner])], data: a },
    encoding ? { shape: shapeB, weight } : { shape: shapeB, data: weight.data as Float32Array },
    { shape: [batch, rows, columns], data: null },
  ]
  using alone = await new AloneKernels(open.device, open.profile, tensors, (lowering) =>
    emit({ ...shape, a: 0, b: 1, y: 2 }, lowering),
  ).prepare()
  alone.run()
  const actual = await alone.read(2)
  let worst = 0
  for (let layer = 0; layer < batch; layer++) {
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < columns; j++) {
        let sum = 0
        for (let k = 0; k < inner; k++) {
          const left = a[layer * rows * inner + (transposeA ? k * rows + i : i * inner + k)]
          sum += left * b[layer * inner * columns + (transposeB ? j * inner + k : k * columns + j)]
        }
        const difference = Math.abs(actual[(layer * rows + i) * columns + j] - sum)
        worst = difference <= worst ? worst : difference
      }
    }
  }
  return worst
}

const shapes: readonly Shape[] = [
  { rows: 1, inner: 1, columns: 1, batch: 1, transposeA: false, transposeB: true },
  { rows: 63, inner: 100, columns: 129, batch: 1, transposeA: false, transposeB: true },
  { rows: 129, inner: 63, columns: 100, batch: 1, transposeA: false, transposeB: false },
  { rows: 100, inner: 129, columns: 63, batch: 1, transposeA: true, transposeB: false },
]

describe.skipIf(Boolean(missing)).each(shapes)('a product, %o,', (shape) => {
  test('is right in register tiles and without barriers', async () => {
    for (const side of [64, 128] as const) {
      expect(await error(shape, null, (product, lowering) => emitRegisterTile(product, lowering, side))).toBeLessThan(
        1e-4,
      )
    }
    expect(await error(shape, null, emitTiled)).toBeLessThan(1e-4)
  })

  test('is right within the rounding of halves by subgroup matrices', async () => {
    for (const encoding of ['f16', 'q8'] as const) {
      const worst = await error(shape, encoding, (product, lowering) =>
        lowering.emit(
          kernel(
            matrixTile(
              matrixProduct(product, lowering),
              { depth: 16, rows: 64, ahead: false, staging: 'rotated' },
              emulatedMatrixText,
            ),
          ),
        ),
      )
      expect(worst).toBeLessThan(5e-4 * Math.sqrt(shape.inner))
    }
  })
})

test.skipIf(Boolean(missing))('batchMatmul multiplies each layer with its own', async () => {
  const shape = { rows: 33, inner: 20, columns: 70, batch: 3, transposeA: false, transposeB: false }
  expect(await error(shape, null, (product, lowering) => emitRegisterTile(product, lowering, 64))).toBeLessThan(1e-4)
})

test.skipIf(Boolean(missing))('register tiles read packed weights', async () => {
  const shape = { rows: 20, inner: 64, columns: 40, batch: 1, transposeA: false, transposeB: true }
  for (const encoding of ['f16', 'q8'] as const) {
    expect(await error(shape, encoding, (product, lowering) => emitRegisterTile(product, lowering, 64))).toBeLessThan(
      1e-4,
    )
  }
})

test.skipIf(Boolean(missing))('the matrix tile may be cut among eight subgroups and read ahead', async () => {
  const tuning = { depth: 16, rows: 32, ahead: true, staging: 'halves' } as const
  const shape = { rows: 70, inner: 72, columns: 130, batch: 1, transposeA: false, transposeB: true }
  const worst = await error(shape, 'f16', (product, lowering) =>
    lowering.emit(kernel(matrixTile(matrixProduct(product, lowering), tuning, emulatedMatrixText))),
  )
  expect(worst).toBeLessThan(5e-4 * Math.sqrt(72))
})

test.skipIf(Boolean(missing))('few tiles with a long inner side are cut along it', async () => {
  const shape = { rows: 33, inner: 512, columns: 70, batch: 1, transposeA: false, transposeB: true }
  const kernels: string[] = []
  const worst = await error(shape, null, (product, lowering) => {
    emitRegisterTile(product, { ...lowering, emit: (made) => (kernels.push(made.name), lowering.emit(made)) }, 64)
  })
  expect(kernels).toEqual(['matmul.register', 'matmul.sum'])
  expect(worst).toBeLessThan(2e-4)
})
