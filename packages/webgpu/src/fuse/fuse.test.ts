import {
  type Backend,
  type DeviceWeight,
  type NamedTensors,
  type RetNetSpec,
  type WeightEncoding,
  add,
  embed,
  nextTokenGraph,
  parameterShapes,
  reference,
  scale,
  trace,
} from '@retnet/core'
import { difference, encodeWeight, isWithin, random, showDifference, tinySpec } from '@retnet/conformance'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { webgpu } from '../index.js'
import { findSoftwareAdapter } from '../testing/software-adapter.js'

// why there is nothing to run the kernels on, where that is so
const missing = await findSoftwareAdapter()
const onAdapter = test.skipIf(Boolean(missing))

const glu = tinySpec('glu', 2)
const mlp = tinySpec('mlp', 2)
const wide = {
  width: 100,
  keyWidth: 24,
  valueWidth: 72,
  vocabSize: 63,
  feedForward: { ...glu.feedForward, width: 132 },
}

/** What the families of checkpoints differ in, at widths that leave remainders everywhere. */
const specs: Record<string, RetNetSpec> = {
  'gated, norms before, decay norm': { ...glu, ...wide },
  'gelu and layer norms, norms after, biases, one key head, scaled stream': {
    ...mlp,
    feedForward: { ...mlp.feedForward, width: 20 },
  },
  'layer norms before, inner norm, biases': {
    ...mlp,
    ...wide,
    feedForward: { ...mlp.feedForward, width: 132 },
    normPlacement: 'pre',
    finalNorm: true,
    embeddingNorm: false,
  },
  'no gate, no inner norm, tied head, biases': {
    ...glu,
    gate: 'none',
    rowNorm: 'none',
    tiedHead: true,
    bias: { projections: true, output: true, head: true },
    feedForward: { kind: 'mlp', width: 132, activation: 'gelu', bias: true, innerNorm: null },
    embeddingScale: 3,
  },
  'four heads on two key heads, affine head norm, half rotation': {
    ...glu,
    heads: 4,
    keyValueHeads: 2,
    keyWidth: 32,
    valueWidth: 160,
    scoreScale: 'query',
    rowNorm: 'none',
    headNorm: { kind: 'rms', epsilon: 1e-5, affine: true },
    rotary: { layout: 'half', frequencies: 'standard', base: 10_000 },
    feedForward: { ...glu.feedForward, bias: true, width: 129 },
    residualScale: 0.7,
  },
  'widths that no fused product takes': {
    ...glu,
    width: 13,
    valueWidth: 18,
    vocabSize: 29,
    feedForward: { ...glu.feedForward, width: 17 },
  },
}

/** Kernels of two layers, where fewer would be a pattern that no longer fits. */
const kernelsOf: Record<string, Record<string, number>> = {
  'gated, norms before, decay norm': {
    'product.stacked': 3,
    'retention.step': 2,
    'product.residual': 4,
    'product.gated': 2,
    embed: 1,
    positions: 1,
  },
  'layer norms before, inner norm, biases': {
    'embed.scaled': 1,
    'product.residual': 4,
    'product.stacked': 7,
    'retention.step': 2,
    positions: 1,
  },
  'four heads on two key heads, affine head norm, half rotation': {
    'product.stacked': 3,
    'retention.step': 2,
    'product.residual': 2,
    'product.gated': 2,
    'matmul.serial': 2,
    'chain.scale.add.add': 2,
    embed: 1,
    positions: 1,
  },
}

describe.skipIf(Boolean(missing))('fused kernels', () => {
  let backend: Backend
  beforeAll(async () => {
    backend = await webgpu({ profile: 'subgroups', poison: true, tune: { fuse: true, barriers: true } })
  })
  afterAll(() => backend?.dispose())

  test.each(Object.keys(specs))('give the logits and states of the reference: %s', (name) =>
    parity(backend, specs[name], 2, 'f32', kernelsOf[name]),
  )
  test.each([1, 5, 8, 32])('are right for %i rows', (rows) =>
    parity(backend, { ...specs['gated, norms before, decay norm'], layers: 1 }, rows, 'f32'),
  )
  test.each(['f16', 'q8'] as const)('read %s weights', async (encoding) => {
    await parity(backend, { ...specs['gated, norms before, decay norm'], layers: 1 }, 1, encoding)
    await parity(backend, { ...specs['layer norms before, inner norm, biases'], layers: 1 }, 3, encoding)
    // whole 16-byte loads only
    const even = { width: 96, valueWidth: 64, keyWidth: 64, feedForward: { ...glu.feedForward, width: 64 }, layers: 1 }
    await parity(backend, { ...glu, ...even }, 2, encoding)
  })
})

onAdapter('fused kernels do without subgroups', async () => {
  using backend = await webgpu({ profile: 'basic', poison: true, tune: { fuse: true, barriers: true } })
  await parity(backend, { ...specs['layer norms before, inner norm, biases'], layers: 1 }, 8, 'q8')
})

onAdapter.each([
  { lanes: 32, columns: 8, tile: 64 },
  { lanes: 64, columns: 4, tile: 32 },
])('fused kernels are right in workgroups of %o', async (sizes) => {
  using backend = await webgpu({ profile: 'subgroups', poison: true, tune: { fuse: true, barriers: true, ...sizes } })
  await parity(backend, { ...specs['gated, norms before, decay norm'], width: 600, layers: 1 }, 2, 'f16')
})

onAdapter('a software adapter is spared the barriers of fused kernels', async () => {
  using backend = await webgpu()
  const { fused } = await decode(backend, { ...glu, layers: 1 }, 1, 'f32')
  expect(fused > 0).toBe(!/SwiftShader|llvmpipe/i.test(backend.limits.description))
})

onAdapter('a tuning that no kernel can follow is refused', async () => {
  await expect(webgpu({ tune: { lanes: 48 } })).rejects.toThrow('tune.lanes: expected a power of two')
  await expect(webgpu({ tune: { line: 1 } as object })).rejects.toThrow('expected barriers, fuse')
})

onAdapter('many runs read the same inputs, though activations share memory', async () => {
  using backend = await webgpu()
  const graph = trace('sum', (g) => {
    const total = g.state('total', [4])
    const tripled = scale(scale(scale(g.input('x', [4]), 2), 3), 0.5)
    const next = add(total, tripled)
    g.updateState(total, next)
    return { y: next }
  })
  using program = await backend.compile(graph, { weights: {} })
  using state = program.createState()
  const { outputs } = await program.runMany({ x: Float32Array.of(1, 2, 3, 4) }, state, 5)
  expect([...outputs.y]).toEqual([15, 30, 45, 60])
  expect(program.stats().runs).toBe(5)
  await expect(program.runMany({ x: new Float32Array(4) }, state, 0)).rejects.toThrow('times: expected a whole number')
})

onAdapter('random weights depend on their seed alone', async () => {
  using backend = await webgpu()
  using program = await backend.compile(
    trace('look', (g) => ({ y: embed(g.parameter('w', [9, 40]), g.input('ids', [9], 'i32')) })),
    { weights: { w: await backend.randomWeight([9, 40], 'q8', { seed: 3, range: 2 }) } },
  )
  using again = await backend.compile(program.graph, {
    weights: { w: await backend.randomWeight([9, 40], 'q8', { seed: 3, range: 2 }) },
  })
  const ids = Int32Array.from({ length: 9 }, (_, index) => index)
  const { y } = await program.run({ ids }, null)
  expect(y).toEqual((await again.run({ ids }, null)).y)
  expect(Math.max(...y)).toBeLessThan(2)
  expect(Math.min(...y)).toBeLessThan(-1.5)
  expect(Math.max(...y)).toBeGreaterThan(1.5)
})

/** Three tokens of each row, one of them masked, through both backends. */
async function parity(
  backend: Backend,
  spec: RetNetSpec,
  rows: number,
  encoding: WeightEncoding,
  expectedKernels?: Record<string, number>,
) {
  const [expected, actual] = await Promise.all(
    [reference(), backend].map(async (each) => (await decode(each, spec, rows, encoding)).results),
  )
  if (expectedKernels) expect((await decode(backend, spec, rows, encoding)).kernels).toEqual(expectedKernels)
  const differences = Object.entries(expected).map(([name, data]) => difference(name, actual[name], data, 2e-5))
  expect(differences.filter((each) => !isWithin(each)).map(showDifference)).toEqual([])
}

async function decode(backend: Backend, spec: RetNetSpec, rows: number, encoding: WeightEncoding) {
  const weights: Record<string, DeviceWeight> = {}
  for (const [name, shape] of parameterShapes(spec)) {
    const next = random(name)
    const size = shape.reduce((total, extent) => total * extent, 1)
    const values = Float32Array.from({ length: size }, () => (shape.length === 1 ? 1 : 0) + 0.6 * (next() - 0.5))
    weights[name] = await backend.upload(
      encodeWeight({ dtype: 'f32', shape }, shape.length === 2 ? encoding : 'f32', values),
    )
  }
  using program = await backend.compile(nextTokenGraph(spec, { rows, length: 1 }), { weights })
  using state = program.createState()
  const results: Record<string, NamedTensors[string]> = {}
  for (let step = 0; step < 3; step++) {
    const tokens = Int32Array.from({ length: rows }, (_, row) => (7 * row + 3 * step) % spec.vocabSize)
    const mask = Int32Array.from({ length: rows }, (_, row) => (step === 1 && row % 2 === 1 ? 0 : 1))
    const { logits } = await program.run({ tokens, mask }, state)
    // a masked row predicts nothing
    results[`logits ${step}`] = logits.map((value, at) => value * mask[Math.floor(at / spec.vocabSize)])
  }
  for (const [name, data] of Object.entries(await state.read())) results[`state ${name}`] = data
  for (const weight of Object.values(weights)) weight.dispose()
  const { kernels } = program.stats()
  const fused = Object.keys(kernels).filter((name) => /^product|step$/.test(name)).length
  return { results, kernels, fused }
}
