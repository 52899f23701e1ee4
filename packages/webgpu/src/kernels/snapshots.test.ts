/**
 * The text of the kernels of every family, so that a change of them is seen in review; that they compute correctly is tested by the
 * conformance suite. After a change that is meant: `pnpm exec vitest run packages/webgpu/src/kernels --update`.
 */
import {
  type CompileOptions,
  type DeviceWeight,
  type Graph,
  type GraphBuilder,
  type OpName,
  type Value,
  type WeightEncoding,
  accept,
  add,
  broadcast,
  cast,
  concat,
  constant,
  crossEntropy,
  crossEntropyGrad,
  decayNorm,
  div,
  embed,
  erf,
  exp,
  fill,
  gelu,
  layerNorm,
  log,
  mul,
  positions,
  retention,
  rmsNorm,
  rotary,
  rsqrt,
  sample,
  scale,
  scatterAdd,
  sigmoid,
  silu,
  slice,
  softmax,
  sub,
  sum,
  trace,
  transpose,
} from '@retnet/core'
import { expect, test } from 'vitest'
import { lower, loweredOps } from '../compile/lower.js'
import type { Profile } from '../device/profile.js'
import type { StateDtype } from '../memory/state-storage.js'

const hardware = {
  f16: false,
  subgroups: true,
  subgroupSize: 32,
  matrix: null,
  barriers: true,
  fuse: false,
  tune: {},
  maxWorkgroupSize: 256,
  maxWorkgroupBytes: 32_768,
  maxStorageBuffers: 10,
  maxBindingBytes: 2 ** 27,
  maxBufferBytes: 2 ** 27,
  description: 'hardware',
} satisfies Profile
const software: Profile = { ...hardware, subgroups: false, subgroupSize: 1, barriers: false, description: 'software' }

interface Variant extends Omit<CompileOptions, 'weights'> {
  readonly profile?: Profile
  readonly encoding?: WeightEncoding
  readonly stateDtype?: StateDtype
  /** Kernels to show. Default: all. */
  readonly only?: string
  readonly build: (g: GraphBuilder) => Record<string, Value>
}

const table = (g: GraphBuilder) => g.parameter('table', [9, 6])
const logits = (g: GraphBuilder) => g.input('logits', [2, 5])
const rotation = { frequencies: 'standard', base: 10_000, inverse: false } as const

/** Three tokens of two rows with a mask and a state. */
function retained(g: GraphBuilder, key = 6, value = 8): Record<string, Value> {
  const [q, k] = ['q', 'k'].map((name) => g.input(name, [2, 3, 1, key]))
  const memory = g.state('memory', [2, 1, key, value])
  const mask = g.input('mask', [2, 3], 'i32')
  const { output, state } = retention(q, k, g.input('v', [2, 3, 1, value]), { logDecay: [-0.1], mask, state: memory })
  g.updateState(memory, state)
  return { output }
}

function drawn(g: GraphBuilder): Record<string, Value> {
  const [rules, seed, index] = [g.input('rules', [2, 7]), g.input('seed', [2, 2], 'i32'), g.input('index', [2], 'i32')]
  const history = g.input('history', [2, 5], 'i32')
  const ids = sample({ logits: logits(g), rules, seed, index, history, bias: g.input('bias', [2, 5]) })
  const [previous, mask] = [g.input('token', [2], 'i32'), g.input('mask', [2], 'i32')]
  return { ...accept({ drawn: ids, previous, mask, ends: g.input('ends', [2, 3], 'i32'), history }) } as Record<
    string,
    Value
  >
}

const unary = {
  exp,
  log,
  erf,
  sigmoid,
  silu,
  gelu,
  rsqrt: (x: Value) => rsqrt(x, 1e-6),
  scale: (x: Value) => scale(x, 3),
}
const x = (g: GraphBuilder) => g.input('x', [2, 3])

const families: Record<string, Record<string, Variant>> = {
  elementwise: {
    ...Object.fromEntries(Object.entries(unary).map(([name, op]) => [name, { build: (g) => ({ y: op(x(g)) }) }])),
    'add, broadcast': { build: (g) => ({ y: add(x(g), g.input('z', [3])) }) },
    sub: { build: (g) => ({ y: sub(x(g), g.input('z', [2, 3])) }) },
    mul: { build: (g) => ({ y: mul(x(g), g.input('z', [2, 1])) }) },
    div: { build: (g) => ({ y: div(x(g), g.input('z', [])) }) },
  },
  structure: {
    transpose: { build: (g) => ({ y: transpose(x(g), [1, 0]) }) },
    slice: { build: (g) => ({ y: slice(x(g), [0, 1], [2, 2]) }) },
    concat: { build: (g) => ({ y: concat([x(g), g.input('z', [2, 1])], 1) }) },
    broadcast: { build: (g) => ({ y: broadcast(g.input('z', [2, 1]), [2, 3]) }) },
    cast: { build: (g) => ({ y: cast(g.input('ids', [4], 'i32')) }) },
    fill: { build: (g) => ({ y: fill(g, [3], 7) }) },
    constant: { build: (g) => ({ y: constant(g, [2], [1, 2]) }) },
  },
  reduction: {
    'sum over the last axis': { build: (g) => ({ y: sum(x(g), [1]) }) },
    'sum over the first axis': { build: (g) => ({ y: sum(x(g), [0]) }) },
    softmax: { build: (g) => ({ y: softmax(x(g)) }) },
    'softmax, software': { profile: software, build: (g) => ({ y: softmax(x(g)) }) },
  },
  norm: {
    rmsNorm: { build: (g) => ({ y: rmsNorm(x(g), g.parameter('weight', [3]), 1e-6) }) },
    layerNorm: { build: (g) => ({ y: layerNorm(x(g), null, null, 1e-5) }) },
    'layerNorm, software': {
      profile: software,
      build: (g) => ({ y: layerNorm(x(g), g.parameter('weight', [3]), g.parameter('bias', [3]), 1e-5) }),
    },
  },
  position: {
    positions: { build: (g) => ({ ...positions(g.input('start', [2], 'i32'), g.input('mask', [2, 3], 'i32')) }) },
    'rotary, halves': {
      build: (g) => ({
        y: rotary(g.input('x', [1, 3, 2, 4]), g.input('at', [1, 3], 'i32'), { ...rotation, layout: 'half' }),
      }),
    },
    'rotary, interleaved': {
      build: (g) => ({
        y: rotary(g.input('x', [1, 3, 2, 4]), g.input('at', [1, 3], 'i32'), { ...rotation, layout: 'interleaved' }),
      }),
    },
    decayNorm: {
      build: (g) => ({ y: decayNorm(g.input('x', [1, 3, 2, 4]), g.input('at', [1, 3], 'i32'), [-0.1, 0]) }),
    },
  },
  embed: {
    f32: { build: (g) => ({ y: embed(table(g), g.input('ids', [3], 'i32')) }) },
    f16: { encoding: 'f16', build: (g) => ({ y: embed(table(g), g.input('ids', [3], 'i32')) }) },
    q8: { encoding: 'q8', build: (g) => ({ y: embed(table(g), g.input('ids', [3], 'i32')) }) },
    scatterAdd: { build: (g) => ({ y: scatterAdd(g.input('z', [3, 6]), g.input('ids', [3], 'i32'), 9) }) },
  },
  loss: {
    crossEntropy: { build: (g) => ({ y: crossEntropy(logits(g), g.input('targets', [2], 'i32')) }) },
    crossEntropyGrad: {
      build: (g) => ({ y: crossEntropyGrad(logits(g), g.input('targets', [2], 'i32'), g.input('upstream', [2])) }),
    },
  },
  retention: {
    recurrent: { form: 'recurrent', build: retained },
    'recurrent, state in halves': { form: 'recurrent', stateDtype: 'f16', build: retained },
    chunkwise: { form: 'chunkwise', chunk: 2, build: retained },
    'chunkwise, state in halves': {
      form: 'chunkwise',
      chunk: 2,
      stateDtype: 'f16',
      only: 'retention.scan',
      build: retained,
    },
  },
  state: {
    'in halves, for other ops': {
      stateDtype: 'f16',
      build: (g) => {
        const memory = g.state('memory', [1, 1, 2, 4])
        g.updateState(memory, scale(memory, 2))
        return {}
      },
    },
  },
  sample: { 'history and bias': { build: drawn } },
}

function kernelsOf({ build, profile = hardware, encoding = 'f32', only = '', ...options }: Variant) {
  const graph = trace('variant', build)
  const { kernels } = lower(graph, profile, { ...options, weights: weightsOf(graph, encoding) })
  return { graph, kernels: kernels.filter(({ name }) => name.startsWith(only)) }
}

function weightsOf(graph: Graph, encoding: WeightEncoding): Record<string, DeviceWeight> {
  const weight = (value: number) => ({
    type: graph.types[value],
    encoding,
    bytes: 0,
    dispose() {},
    [Symbol.dispose]() {},
  })
  return Object.fromEntries(graph.parameters.map(({ name, value }) => [name, weight(value)]))
}

test.each(Object.entries(families))('kernels of %s', async (family, variants) => {
  const texts = Object.entries(variants).map(([name, variant]) => {
    const { kernels } = kernelsOf(variant)
    return kernels.map((made) => `// ${name}: ${made.name}, ${made.workgroups.join(' x ')}\n${made.code}\n`).join('\n')
  })
  await expect(texts.join('\n')).toMatchFileSnapshot(`__snapshots__/${family}.wgsl`)
})

test('every op but those of matmul/, which have texts of their own, is among them', () => {
  const shown = new Set<OpName>()
  for (const variants of Object.values(families)) {
    for (const variant of Object.values(variants)) for (const { op } of kernelsOf(variant).graph.nodes) shown.add(op)
  }
  expect(loweredOps.filter((op) => !shown.has(op))).toEqual(['matmul', 'batchMatmul'])
})
