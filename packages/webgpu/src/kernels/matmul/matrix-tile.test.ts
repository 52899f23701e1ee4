/** Compile checks on Dawn's null backend, which offers subgroup matrices but computes nothing. */
import { encodeWeight } from '@retnet/conformance'
import { create, globals } from 'webgpu'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Kernel } from '../../compile/kernel.js'
import type { Profile } from '../../device/profile.js'
import { AloneKernels, type AloneTensor } from '../alone.js'
import { emitMatrixProduct } from '../rows/matrix-product.js'
import { emitChunkwiseHalves } from '../retention/chunkwise-halves.js'
import { readRetention } from '../retention/shape.js'
import { matrixTile, matrixTuning } from './matrix-tile.js'
import { emitMatrixTile } from './multiply.js'

const profile: Profile = {
  f16: true,
  subgroups: true,
  subgroupSize: 32,
  matrix: { m: 16, n: 16, k: 16 },
  barriers: true,
  fuse: true,
  tune: {},
  maxWorkgroupSize: 1024,
  maxWorkgroupBytes: 49152,
  maxStorageBuffers: 10,
  maxBindingBytes: 2 ** 27,
  maxBufferBytes: 2 ** 27,
  description: 'null',
}

let instance: GPU
let device: GPUDevice
beforeAll(async () => {
  Object.assign(globalThis, globals)
  instance = create(['backend=null', 'enable-dawn-features=allow_unsafe_apis'])
  const adapter = (await instance.requestAdapter())!
  const features = ['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'] as GPUFeatureName[]
  device = await adapter.requestDevice({ requiredFeatures: features })
})
afterAll(() => device.destroy())

function kernelsOf(
  rows: number,
  inner: number,
  columns: number,
  encoding: 'f16' | 'q8',
  tuning = matrixTuning,
): readonly Kernel[] {
  const type = { shape: [columns, inner], dtype: 'f32' as const }
  const weight =
    encoding === 'f16'
      ? { type, encoding, data: new Uint16Array(columns * inner) }
      : {
          type,
          encoding,
          data: new Int8Array(columns * inner),
          scales: new Float32Array(columns * Math.ceil(inner / 32)),
        }
  const tensors: AloneTensor[] = [
    { shape: [rows, inner], data: null },
    { shape: [columns, inner], weight },
    { shape: [rows, columns], data: null },
  ]
  const product = { a: 0, b: 1, y: 2, rows, inner, columns, batch: 1, transposeA: false, transposeB: true }
  using alone = new AloneKernels(device, profile, tensors, (lowering) => emitMatrixTile(product, lowering, tuning))
  return alone.kernels
}

async function complaints({ code }: Kernel): Promise<string[]> {
  device.pushErrorScope('validation')
  const { messages } = await device.createShaderModule({ code }).getCompilationInfo()
  const error = await device.popErrorScope()
  return [...messages.map(({ lineNum, message }) => `${lineNum}: ${message}`), ...(error ? [error.message] : [])]
}

test.each([
  [128, 64, 128, 'f16'],
  [100, 129, 63, 'f16'],
  [129, 72, 100, 'f16'],
  [64, 100, 129, 'q8'],
] as const)(
  'the matrix kernel of %i x %i x %i and %s weights is valid WGSL',
  async (rows, inner, columns, encoding) => {
    for (const made of kernelsOf(rows, inner, columns, encoding)) expect(await complaints(made)).toEqual([])
  },
)

test.each([
  ['f16', 17],
  ['q8', 33],
  ['q4', 64],
] as const)('the kernels for some ten rows and %s weights are valid WGSL', async (encoding, rows) => {
  const [inner, columns] = [160, 100]
  const weight = encodeWeight({ dtype: 'f32', shape: [columns, inner] }, encoding, new Float32Array(columns * inner))
  const tensors: AloneTensor[] = [
    { shape: [rows, inner], data: null },
    { shape: [columns, inner], weight },
    { shape: [columns, inner], weight },
    { shape: [rows, columns], data: null },
  ]
  const linears = [1, 2].map((value) => ({ weight: value, bias: null }))
  const member = { linears, activation: 'gelu', output: 3 } as const
  const input = { kind: 'plain', x: 0 } as const
  const product = { name: 'product', rows, inner, encoding, input, members: [member], residual: null }
  using alone = new AloneKernels(device, profile, tensors, (lowering) => emitMatrixProduct(product, lowering))
  expect(alone.kernels.map(({ name }) => name)).toEqual(['product.input', 'product.matrix', 'product.sum'])
  for (const made of alone.kernels) expect(await complaints(made)).toEqual([])
})

test.each(['rotated', 'vectors', 'view'] as const)('staging by %s is valid WGSL', async (staging) => {
  for (const ahead of [false, true]) {
    for (const made of kernelsOf(100, 64, 200, 'f16', { depth: 32, rows: 32, ahead, staging }))
      expect(await complaints(made)).toEqual([])
  }
})

test('retention by subgroup matrices is valid WGSL, with whole and ragged chunks', async () => {
  for (const [length, key, value] of [
    [256, 256, 512],
    [129, 68, 104],
  ]) {
    const shapes = [key, key, value].map((width) => [1, length, 2, width])
    const tensors = [...shapes, [1, length], [1, length, 2, value], [1, 2, key, value]].map((shape) => ({
      shape,
      data: null,
    }))
    const node = { op: 'retention', inputs: [0, 1, 2, 3, null], outputs: [4, 5] } as unknown as Parameters<
      typeof readRetention
    >[0]
    using alone = new AloneKernels(device, profile, tensors, (lowering) => {
      const retention = readRetention(node, { logDecay: [-0.1, -0.01], reverse: false }, lowering)
      emitChunkwiseHalves(retention, 128, (product) => matrixTile(product), lowering)
    })
    expect(alone.kernels.map(({ name }) => name)).toContain('retention.output.matrix')
    for (const made of alone.kernels) expect(await complaints(made)).toEqual([])
  }
})
