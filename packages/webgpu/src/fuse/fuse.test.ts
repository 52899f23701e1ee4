import {
  type Backend,
  type DeviceWeight,
  type NamedTensors,
  type RetNetSpec,
  type WeightEncoding,
  nextTokenGraph,
  parameterShapes,
  reference,
} from '@retnet/core'
import { difference, encodeWeight, isWithin, random, showDifference, tinySpec } from '@retnet/conformance'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { webgpu } from '../index.js'

const glu = tinySpec('glu', 2)
const mlp = tinySpec('mlp', 2)
const wide = { width: 100, keyWidth: 24, valueWidth: 72, vocabSize: 63, feedForward: { ...glu.feedForward, width: 132 } }

/** What the families of checkpoints differ in, at widths that leave remainders everywhere. */
const specs: Record<string, RetNetSpec> = {
  'gated, norms before, decay norm': { ...glu, ...wide },
  'gelu and layer norms, norms after, biases, one key head, scaled stream': { ...mlp, feedForward: { ...mlp.feedForward, width: 20 } },
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
  'widths that no fused product takes': { ...glu, width: 13, valueWidth: 18, vocabSize: 29, feedForward: { ...glu.feedForward, width: 17 } },
}

const levels = ['subgroups', 'basic'] as const

describe.each(levels)('fused kernels of the profile %s', (profile) => {
  let backend: Backend
  beforeAll(async () => {
    backend = await webgpu({ profile, poison: true, tune: { fuse: true, barriers: true } })
  })
  afterAll(() => backend?.dispose())

  for (const [name, spec] of Object.entries(specs)) {
    test(`give the logits and states of the reference: ${name}`, () => parity(backend, spec, 2, 'f32'))
  }
  test.each([1, 5, 8, 32])('are right for %i rows', (rows) => parity(backend, { ...specs['gated, norms before, decay norm'], layers: 1 }, rows, 'f32'))
  test.each(['f16', 'q8'] as const)('read %s weights', async (encoding) => {
    await parity(backend, specs['gated, norms before, decay norm'], 1, encoding)
    await parity(backend, specs['layer norms before, inner norm, biases'], 3, encoding)
    await parity(backend, { ...glu, ...wide, width: 96, valueWidth: 64, keyWidth: 64, feedForward: { ...glu.feedForward, width: 64 } }, 2, encoding)
  })
})

/** Three tokens of each row, one of them masked, through both backends. */
async function parity(backend: Backend, spec: RetNetSpec, rows: number, encoding: WeightEncoding): Promise<void> {
  const [expected, actual] = await Promise.all([reference(), backend].map((each) => decode(each, spec, rows, encoding)))
  const differences = Object.entries(expected).map(([name, data]) => difference(name, actual[name], data, 2e-5))
  expect(differences.filter((each) => !isWithin(each)).map(showDifference)).toEqual([])
}

async function decode(backend: Backend, spec: RetNetSpec, rows: number, encoding: WeightEncoding): Promise<NamedTensors> {
  const weights: Record<string, DeviceWeight> = {}
  for (const [name, shape] of parameterShapes(spec)) {
    const next = random(name)
    const size = shape.reduce((total, extent) => total * extent, 1)
    const values = Float32Array.from({ length: size }, () => (shape.length === 1 ? 1 : 0) + 0.6 * (next() - 0.5))
    weights[name] = await backend.upload(encodeWeight({ dtype: 'f32', shape }, shape.length === 2 ? encoding : 'f32', values))
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
  return results
}
