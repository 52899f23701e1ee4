/** Every gradient, and the gradient of every gradient, against central differences in float64. */
import { describe, expect, test } from 'vitest'
import type { Graph } from '../contract/graph.js'
import type { OpName, RotaryAttributes } from '../contract/op-map.js'
import { sizeOf } from '../contract/tensor.js'
import { GraphBuilder, type Value, trace } from '../graph/builder.js'
import { rewrite } from '../graph/rewrite.js'
import { type Numbers64ByName, interpret } from '../interpret/interpret.js'
import { batchMatmul, embed, matmul, scatterAdd } from '../ops/contraction.js'
import { add, div, erf, exp, gelu, log, mul, rsqrt, scale, sigmoid, silu, sub } from '../ops/elementwise.js'
import { crossEntropy, crossEntropyGrad } from '../ops/loss.js'
import { layerNorm, rmsNorm } from '../ops/norm.js'
import { decayNorm, positions, rotary } from '../ops/position.js'
import { softmax, sum } from '../ops/reduction.js'
import { retention } from '../ops/retention.js'
import { accept, sample } from '../ops/sample.js'
import { broadcast, cast, concat, constant, fill, reshape, slice, transpose } from '../ops/structure.js'
import { gradient } from './gradient.js'

type Build = (g: GraphBuilder) => Value

/** f32 inputs are made positive, from 0.5 to 1.5, so that `log` and `div` are smooth; integers come from `integers`. */
const integers: Record<string, readonly number[]> = {
  ids: [2, 0, 2, 1],
  targets: [1, -1, 0, 2],
  mask: [1, 0, 1, 1, 0, 1, 1, 1],
  place: [0, 1, 2, 3, 700, 701, 702, 703],
  start: [3, 9],
  seed: [1, 2, 3, 4, 5, 6, 7, 8],
}

const x = (g: GraphBuilder, ...shape: number[]) => g.input('x', shape)
const y = (g: GraphBuilder, ...shape: number[]) => g.input('y', shape)
const logDecay = [-0.2, 0]
const turn =
  (layout: RotaryAttributes['layout'], frequencies: RotaryAttributes['frequencies'], inverse: boolean) =>
  (g: GraphBuilder) =>
    rotary(x(g, 2, 4, 1, 6), g.input('place', [2, 4], 'i32'), { layout, frequencies, base: 100, inverse })

function retained(masked: boolean, withState: boolean, reverse: boolean, part: 'output' | 'state' | 'both'): Build {
  return (g) => {
    const [q, k] = ['q', 'k'].map((name) => g.input(name, [2, 4, 2, 2]))
    const mask = masked ? g.input('mask', [2, 4], 'i32') : null
    const state = withState ? g.state('memory', [2, 2, 2, 3]) : null
    const result = retention(q, k, g.input('v', [2, 4, 2, 3]), { logDecay, mask, state, reverse })
    if (state) g.updateState(state, result.state)
    if (part !== 'both') return result[part]
    return add(weighted(result.output), weighted(result.state))
  }
}

const builds: { readonly [Op in OpName]: readonly Build[] } = {
  reshape: [(g) => reshape(x(g, 2, 3), [3, 2])],
  transpose: [(g) => transpose(x(g, 2, 3, 2), [2, 0, 1])],
  slice: [(g) => slice(x(g, 4, 3), [1, 0], [2, 2])],
  concat: [(g) => concat([x(g, 2, 1), y(g, 2, 3), x2(g, 2, 2)], 1)],
  broadcast: [(g) => broadcast(x(g, 2, 1), [3, 2, 2]), (g) => broadcast(x(g), [3])],
  cast: [(g) => mul(x(g, 4), cast(g.input('ids', [4], 'i32')))],
  fill: [(g) => mul(x(g, 3), fill(g, [3], 2))],
  constant: [(g) => mul(x(g, 3), constant(g, [3], [1, -2, 3]))],
  add: [(g) => add(x(g, 2, 3), y(g, 3)), (g) => add(x(g, 2, 1), y(g, 1, 3))],
  sub: [(g) => sub(x(g, 3), y(g, 2, 3)), (g) => sub(x(g), y(g, 2))],
  mul: [(g) => mul(x(g, 2, 1, 2), y(g, 3, 1)), square],
  div: [(g) => div(x(g, 2, 3), y(g, 2, 1))],
  scale: [(g) => scale(x(g, 3), -0.7)],
  exp: [(g) => exp(x(g, 3))],
  log: [(g) => log(x(g, 3))],
  erf: [(g) => erf(x(g, 3))],
  sigmoid: [(g) => sigmoid(x(g, 3))],
  silu: [(g) => silu(x(g, 3)), (g) => silu(scale(x(g, 3), -2))],
  gelu: [(g) => gelu(x(g, 3)), (g) => gelu(scale(x(g, 3), -2))],
  rsqrt: [(g) => rsqrt(x(g, 3), 0.1)],
  sum: [(g) => sum(x(g, 2, 3, 2), [0, 2]), (g) => sum(x(g, 2, 3), [])],
  softmax: [(g) => softmax(x(g, 2, 4))],
  matmul: [
    ...[false, true].flatMap((transposeA) =>
      [false, true].map((transposeB): Build => {
        return (g) => matmul(x(g, 3, 3), transposeB ? y(g, 2, 3) : y(g, 3, 2), { transposeA, transposeB })
      }),
    ),
    (g) => matmul(x(g, 2, 1, 3), y(g, 2, 3), { transposeB: true }),
    (g) => matmul(x(g, 2, 2, 3), y(g, 2, 2, 1), { transposeA: true }),
  ],
  batchMatmul: [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB): Build => {
      return (g) => batchMatmul(x(g, 2, 3, 3), transposeB ? y(g, 2, 2, 3) : y(g, 2, 3, 2), { transposeA, transposeB })
    }),
  ),
  embed: [(g) => embed(x(g, 3, 2), g.input('ids', [4], 'i32'))],
  scatterAdd: [(g) => scatterAdd(x(g, 2, 2, 2), g.input('ids', [2, 2], 'i32'), 4)],
  rmsNorm: [(g) => rmsNorm(x(g, 2, 3), y(g, 3), 0.1), (g) => rmsNorm(x(g, 2, 3), null, 1e-3)],
  layerNorm: [
    (g) => layerNorm(x(g, 2, 3), y(g, 3), g.input('z', [3]), 0.1),
    (g) => layerNorm(x(g, 2, 3), y(g, 3), null, 0.1),
    (g) => layerNorm(x(g, 2, 3), null, y(g, 3), 0.1),
    (g) => layerNorm(x(g, 2, 3), null, null, 0.1),
  ],
  positions: [
    (g) => {
      const place = positions(g.input('start', [2], 'i32'), g.input('mask', [2, 4], 'i32'))
      return decayNorm(x(g, 2, 4, 2, 1), place.positions, logDecay)
    },
  ],
  rotary: [
    turn('interleaved', 'inclusive', false),
    turn('half', 'standard', false),
    turn('interleaved', 'standard', true),
    turn('half', 'inclusive', true),
  ],
  decayNorm: [(g) => decayNorm(x(g, 2, 4, 2, 2), g.input('place', [2, 4], 'i32'), logDecay)],
  retention: [
    ...[false, true].flatMap((masked) =>
      [false, true].flatMap((withState) =>
        [false, true].map((reverse) => retained(masked, withState, reverse, 'both')),
      ),
    ),
    retained(true, true, false, 'output'),
    retained(true, true, false, 'state'),
    retained(true, true, true, 'state'),
  ],
  sample: [(g) => mul(x(g, 4), cast(drawn(g)))],
  accept: [
    (g) => {
      const [previous, mask] = [g.input('ids', [4], 'i32'), g.input('place', [4], 'i32')]
      const ends = reshape(previous, [4, 1])
      return mul(x(g, 4), cast(accept({ drawn: drawn(g), previous, mask, ends }).token))
    },
  ],
  crossEntropy: [(g) => crossEntropy(x(g, 4, 3), g.input('targets', [4], 'i32'))],
  crossEntropyGrad: [(g) => crossEntropyGrad(x(g, 4, 3), g.input('targets', [4], 'i32'), y(g, 4))],
}

function drawn(g: GraphBuilder): Value {
  const rules = constant(
    g,
    [4, 7],
    [0, 1, 0, 1].flatMap((temperature) => [temperature, 2, 0.9, 0.1, 1, 0, 0]),
  )
  const [seed, index] = [g.input('seed', [4, 2], 'i32'), g.input('targets', [4], 'i32')]
  return sample({ logits: scale(x2(g, 4, 3), 3), rules, seed, index })
}

function x2(g: GraphBuilder, ...shape: number[]): Value {
  return g.input('z', shape)
}

function square(g: GraphBuilder): Value {
  const value = x(g, 3)
  return mul(value, value)
}

describe.each(Object.entries(builds))('%s', (_op, list) => {
  test.each(list.map((build, index) => [index, build] as const))(
    'case %i: first and second derivatives',
    (_index, build) => {
      const graph = trace('case', (g) => ({ loss: weighted(build(g)) }))
      expectDerivatives(graph)
      expectDerivatives(gradientAsLoss(graph))
    },
  )
})

test('a value that does not reach the loss has a gradient of zeros', () => {
  const graph = trace('case', (g) => ({ loss: weighted(x(g, 2)), other: y(g, 3) }))
  const { outputs } = interpret(gradient(graph, { loss: 'loss', by: ['x', 'y'] }), valuesOf(graph))
  expect([...outputs['grad.y']]).toEqual([0, 0, 0])
  expect([...outputs.other]).toHaveLength(3)
})

test('parameters are the default, and the outputs of the graph stay', () => {
  const graph = trace('case', (g) => ({ loss: weighted(mul(x(g, 2), g.parameter('weight', [2]))), other: y(g, 1) }))
  const names = gradient(graph, { loss: 'loss' }).outputs.map(({ name }) => name)
  expect(names).toEqual(['loss', 'other', 'grad.weight'])
})

test('a loss of several elements, or an unknown name, is refused', () => {
  const graph = trace('case', (g) => ({ loss: x(g, 2) }))
  expect(() => gradient(graph, { loss: 'loss' })).toThrow(
    'expected the loss loss to have one element, got f32[2]. Sum it first.',
  )
  expect(() => gradient(graph, { loss: 'los' })).toThrow('the graph has no output los')
  const scalar = trace('case', (g) => ({ loss: x(g, 1) }))
  expect(() => gradient(scalar, { loss: 'loss', by: ['z'] })).toThrow('no input, parameter or state z')
})

/** A scalar in which each number counts differently. */
function weighted(value: Value): Value {
  const { shape } = value.type
  const weights = Array.from({ length: sizeOf(shape) }, (_, at) => Math.sin(at + 1))
  const axes = shape.map((_, axis) => axis)
  return reshape(sum(mul(value, constant(value.builder, shape, weights)), axes), [1])
}

function gradientAsLoss(graph: Graph): Graph {
  const first = gradient(graph, { loss: 'loss', by: sources(graph) })
  const builder = new GraphBuilder('second')
  const values = rewrite(first, builder, (node, operands) => builder.append(node.op, operands, node.attributes))
  const parts = first.outputs
    .filter(({ name }) => name.startsWith('grad.'))
    .map(({ value }) => weighted(values[value]!))
  builder.output(
    'loss',
    parts.reduce((total, part) => add(total, part)),
  )
  return builder.build()
}

function sources(graph: Graph): string[] {
  const all = [...graph.inputs, ...graph.states.map(({ name, input }) => ({ name, value: input }))]
  return all.filter(({ value }) => graph.types[value].dtype === 'f32').map(({ name }) => name)
}

function valuesOf(graph: Graph): Numbers64ByName {
  const all = [...graph.inputs, ...graph.parameters, ...graph.states.map(({ name, input }) => ({ name, value: input }))]
  return Object.fromEntries(
    all.map(({ name, value }, index) => {
      const { dtype, shape } = graph.types[value]
      if (dtype === 'i32') return [name, Int32Array.from(integers[name].slice(0, sizeOf(shape)))]
      return [name, Float64Array.from({ length: sizeOf(shape) }, (_, at) => 1 + Math.sin(3 * at + 5 * index) / 2)]
    }),
  )
}

function expectDerivatives(graph: Graph): void {
  const values = valuesOf(graph)
  const loss = () => interpret(graph, values, values).outputs.loss[0]
  const { outputs } = interpret(gradient(graph, { loss: 'loss', by: sources(graph) }), values, values)
  const step = 1e-5
  for (const name of sources(graph)) {
    const data = values[name]
    const actual = outputs[`grad.${name}`]
    const expected = Float64Array.from(data, (value, at) => {
      data[at] = value + step
      const above = loss()
      data[at] = value - step
      const below = loss()
      data[at] = value
      return (above - below) / (2 * step)
    })
    const size = Math.max(1, ...expected.map(Math.abs))
    actual.forEach((value, at) =>
      expect(Math.abs(value - expected[at]) / size, `grad.${name}[${at}]`).toBeLessThan(1e-7),
    )
  }
}
