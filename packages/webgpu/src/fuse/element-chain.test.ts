import { difference, encodeWeight, isWithin, random, showDifference, tinySpec } from '@retnet/conformance'
import {
  type DeviceWeight,
  type Graph,
  type NamedTensors,
  type RetNetSpec,
  add,
  consumeGraph,
  gradient,
  logitsGraph,
  lossGraph,
  mul,
  retention,
  rmsNorm,
  scale,
  trace,
} from '@retnet/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { lower } from '../compile/lower.js'
import type { Profile } from '../device/profile.js'
import { type WebGpuBackend, webgpu } from '../index.js'
import { findSoftwareAdapter } from '../testing/software-adapter.js'

const missing = await findSoftwareAdapter()

const glu: RetNetSpec = { ...tinySpec('glu', 1), width: 36, valueWidth: 40, vocabSize: 31 }
const mlp: RetNetSpec = { ...tinySpec('mlp', 1), width: 20, feedForward: { ...tinySpec('mlp').feedForward, width: 44 } }
const scaled: RetNetSpec = { ...glu, rowNorm: 'none', scoreScale: 'query', residualScale: 0.7, keyWidth: 16 }

const matrices: Profile = {
  f16: true,
  subgroups: true,
  subgroupSize: 32,
  matrix: { m: 16, n: 16, k: 16 },
  barriers: true,
  fuse: true,
  tune: {},
  maxWorkgroupSize: 1024,
  maxWorkgroupBytes: 49_152,
  maxStorageBuffers: 10,
  maxBindingBytes: 2 ** 31,
  maxBufferBytes: 2 ** 31,
  description: 'matrices',
}

/** Kernels of a graph with f16 weights on hardware with subgroup matrices, by name. */
function kernelsOf(graph: Graph): Record<string, number> {
  const weight = (value: number): DeviceWeight => {
    const type = graph.types[value]
    const encoding = type.shape.length === 2 ? 'f16' : 'f32'
    return { type, encoding, bytes: 0, dispose() {}, [Symbol.dispose]() {} }
  }
  const weights = Object.fromEntries(graph.parameters.map(({ name, value }) => [name, weight(value)]))
  return counts(lower(graph, matrices, { weights }).kernels.map(({ name }) => name))
}

function counts(names: readonly string[]): Record<string, number> {
  return Object.fromEntries([...new Set(names)].map((name) => [name, names.filter((other) => other === name).length]))
}

test('prefill has one kernel between matrix products, and none that only rounds to halves', () => {
  const wide = { ...scaled, residualScale: 1, layers: 2, width: 256, keyWidth: 128, valueWidth: 512, heads: 2 }
  const graph = consumeGraph(
    { ...wide, keyValueHeads: 2, feedForward: { ...glu.feedForward, width: 512 } },
    { rows: 1, length: 256 },
  )
  expect(kernelsOf(graph)).toMatchInlineSnapshot(`
    {
      "chain.add.rmsNorm": 2,
      "chain.gelu.mul": 1,
      "chain.rmsNorm": 1,
      "chain.rmsNorm.silu.mul": 1,
      "embed": 1,
      "matmul.matrix": 11,
      "matmul.sum": 2,
      "positions": 1,
      "retention.blocks.matrix": 2,
      "retention.decay": 2,
      "retention.output.matrix": 2,
      "retention.scan": 2,
      "retention.scores.matrix": 2,
      "retention.steps": 1,
      "rotary": 4,
    }
  `)
})

test('a value between two readers is not moved past the first', () => {
  // a and c may not be one kernel: c waits for retention, which waits for a
  const graph = trace('between', (g) => {
    const x = g.input('x', [1, 1, 1, 4])
    const a = scale(x, 2)
    const { output } = retention(a, a, a, { logDecay: [-0.1] })
    return { c: add(a, output) }
  })
  const { kernels } = lower(graph, matrices, { weights: {} })
  expect(kernels.map(({ name }) => name).filter((name) => name.startsWith('chain'))).toEqual([
    'chain.scale',
    'chain.add',
  ])
})

test('who reads a state comes before the op that updates it in place', () => {
  const graph = trace('early', (g) => {
    const x = g.input('x', [1, 1, 1, 4])
    const memory = g.state('memory', [1, 1, 4, 4])
    const seen = scale(memory, 2)
    const { output, state } = retention(x, x, x, { logDecay: [-0.1], state: memory })
    g.updateState(memory, state)
    return { seen, output }
  })
  const names = lower(graph, matrices, { weights: {} }).kernels.map(({ name }) => name)
  expect(names[0]).toBe('scale')
})

describe.skipIf(Boolean(missing))('chains', () => {
  let backend: WebGpuBackend
  beforeAll(async () => {
    backend = await webgpu({ profile: 'subgroups', poison: true, tune: { barriers: true } })
  })
  afterAll(() => backend?.dispose())

  /** Outputs and states of a run, fused or node by node. */
  async function outcome(graph: Graph, inputs: NamedTensors, fuse: boolean) {
    const weights: Record<string, DeviceWeight> = {}
    for (const { name, value } of graph.parameters) {
      const { shape } = graph.types[value]
      const next = random(name)
      const size = shape.reduce((total, extent) => total * extent, 1)
      const values = Float32Array.from({ length: size }, () => (shape.length === 1 ? 1 : 0) + 0.6 * (next() - 0.5))
      weights[name] = await backend.upload(encodeWeight({ dtype: 'f32', shape }, 'f32', values))
    }
    using program = await backend.compile(graph, { weights, tune: { fuse } })
    using state = graph.states.length > 0 ? program.createState() : null
    const results: Record<string, NamedTensors[string]> = { ...(await program.run(inputs, state)) }
    for (const [name, data] of Object.entries((await state?.read()) ?? {})) results[`state ${name}`] = data
    for (const weight of Object.values(weights)) weight.dispose()
    return { results, dispatches: program.stats().dispatches }
  }

  async function agree(graph: Graph, inputs: NamedTensors) {
    const plain = await outcome(graph, inputs, false)
    const fused = await outcome(graph, inputs, true)
    const differences = Object.entries(plain.results).map(([name, data]) =>
      difference(name, fused.results[name], data, 1e-5),
    )
    expect(differences.filter((each) => !isWithin(each)).map(showDifference)).toEqual([])
    expect(fused.dispatches).toBeLessThan(plain.dispatches)
  }

  const tokens = (rows: number, length: number) => ({
    tokens: Int32Array.from({ length: rows * length }, (_, at) => (7 * at) % 31),
    mask: Int32Array.from({ length: rows * length }, (_, at) => (at % 5 === 3 ? 0 : 1)),
  })

  test.each([
    ['gated, decay norm', glu],
    ['norms after, biases', mlp],
    ['scaled queries and stream', scaled],
  ])('a prompt gives the same as node by node: %s', (_, spec) =>
    agree(logitsGraph(spec, { rows: 2, length: 37 }), tokens(2, 37)),
  )

  test('gradients are the same as node by node', async () => {
    const graph = gradient(lossGraph(glu, { rows: 1, length: 33 }), { loss: 'loss' })
    const targets = Int32Array.from({ length: 33 }, (_, at) => (at % 6 === 0 ? -1 : (5 * at) % 31))
    await agree(graph, { ...tokens(1, 33), targets })
  })

  test.each([4, 100, 132, 2_052])('norms of rows of %i, two in a row; a NaN stays in its row', async (width) => {
    const graph = trace('norms', (g) => {
      const x = add(g.input('x', [3, width]), g.input('bias', [width]))
      const y = rmsNorm(x, g.input('weight', [width]), 1e-6)
      return { x, z: rmsNorm(mul(y, scale(x, 0.5)), null, 1e-5) }
    })
    const numbers = (size: number, seed: number) =>
      Float32Array.from({ length: size }, (_, at) => Math.sin(at * 1.7 + seed))
    const x = numbers(3 * width, 1)
    x[width] = Number.NaN
    const { results } = await outcome(graph, { x, bias: numbers(width, 2), weight: numbers(width, 3) }, true)
    expect([0, 1, 2].map((row) => results.z.subarray(row * width, (row + 1) * width).some(Number.isNaN))).toEqual([
      false,
      true,
      false,
    ])
    x[width] = 0
    await agree(graph, { x, bias: numbers(width, 2), weight: numbers(width, 3) })
  })
})
