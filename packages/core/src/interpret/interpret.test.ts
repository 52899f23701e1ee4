/** The interpreter defines every op; here its own definitions meet numbers from elsewhere. */
import { expect, test } from 'vitest'
import { type GraphBuilder, type Value, trace } from '../graph/builder.js'
import { gelu, sigmoid } from '../ops/elementwise.js'
import { crossEntropy, crossEntropyGrad } from '../ops/loss.js'
import { layerNorm, rmsNorm } from '../ops/norm.js'
import { decayNorm, positions, rotary } from '../ops/position.js'
import { softmax } from '../ops/reduction.js'
import { rotaryFrequencies } from '../ops/rotary-frequencies.js'
import { decodeWeight } from './decode-weight.js'
import { erf } from './erf.js'
import { type Numbers64ByName, interpret } from './interpret.js'

function run(build: (g: GraphBuilder) => Value, values: Numbers64ByName): number[] {
  return [
    ...interpret(
      trace('graph', (g) => ({ y: build(g) })),
      values,
    ).outputs.y,
  ]
}

function expectClose(actual: readonly number[], expected: readonly number[], digits = 14): void {
  expect(actual).toHaveLength(expected.length)
  actual.forEach((value, at) => expect(value, `at ${at}`).toBeCloseTo(expected[at], digits))
}

test('erf to 1e-15, on both sides of where its two formulas meet', () => {
  // rounded from 25 digits
  const known = [
    [0, 0],
    [0.5, 0.5204998778130465],
    [1, 0.8427007929497149],
    [2, 0.9953222650189527],
    [2.99, 0.9999764743969194],
    [3, 0.9999779095030014],
    [4, 0.9999999845827421],
    [7, 1],
  ]
  for (const [x, expected] of known) {
    expect(Math.abs(erf(x) - expected), String(x)).toBeLessThan(1e-15)
    expect(Math.abs(erf(-x) + expected), String(-x)).toBeLessThan(1e-15)
  }
  expect(erf(Number.NaN)).toBeNaN()
})

test('gelu and sigmoid', () => {
  const x = Float64Array.of(-1, 0, 1, 3)
  expectClose(
    run((g) => gelu(g.input('x', [4])), { x }),
    [-0.15865525393145705, 0, 0.8413447460685429, 2.99595030590511],
  )
  expectClose(
    run((g) => sigmoid(g.input('x', [2])), { x: Float64Array.of(0, Math.log(3)) }),
    [0.5, 0.75],
  )
})

test('norms by hand', () => {
  const x = Float64Array.of(3, 4, 1, -1)
  expectClose(
    run((g) => rmsNorm(g.input('x', [2, 2]), null, 0), { x }),
    [3 / 12.5 ** 0.5, 4 / 12.5 ** 0.5, 1, -1],
  )
  expectClose(
    run((g) => layerNorm(g.input('x', [2, 2]), null, null, 0.75), { x }),
    [-0.5, 0.5, 1 / 1.75 ** 0.5, -1 / 1.75 ** 0.5],
  )
})

test('softmax and cross-entropy by hand, also where exponentials overflow', () => {
  const logits = Float64Array.of(0, Math.log(3), 1000, 1000)
  // at 1000 a float64 is exact to 1e-13
  expectClose(
    run((g) => softmax(g.input('x', [2, 2])), { x: logits }),
    [0.25, 0.75, 0.5, 0.5],
    12,
  )
  const targets = Int32Array.of(1, 0)
  const inputs = (g: GraphBuilder) => [g.input('logits', [2, 2]), g.input('targets', [2], 'i32')] as const
  expectClose(
    run((g) => crossEntropy(...inputs(g)), { logits, targets }),
    [Math.log(4 / 3), Math.LN2],
    12,
  )
  const dLoss = Float64Array.of(2, 1)
  expectClose(
    run((g) => crossEntropyGrad(...inputs(g), g.input('dLoss', [2])), { logits, targets, dLoss }),
    [0.5, -0.5, -0.5, 0.5],
    12,
  )
  expect(run((g) => crossEntropy(...inputs(g)), { logits, targets: Int32Array.of(-1, -1) })).toEqual([0, 0])
})

test('positions count the unmasked tokens of each row', () => {
  const graph = trace('graph', (g) => ({ ...positions(g.input('start', [2], 'i32'), g.input('mask', [2, 4], 'i32')) }))
  const values = { start: Int32Array.of(0, 7), mask: Int32Array.of(0, 1, 1, 1, 1, 0, 1, 0) }
  const { outputs } = interpret(graph, values)
  expect([...outputs.positions]).toEqual([0, 0, 1, 2, 7, 8, 8, 9])
  expect([...outputs.next]).toEqual([3, 9])
})

test('rotary turns pairs by position times frequency', () => {
  const quarter = Math.PI / 2
  const turn = (layout: 'half' | 'interleaved') => (g: GraphBuilder) =>
    rotary(g.input('x', [1, 1, 1, 4]), g.input('place', [1, 1], 'i32'), {
      layout,
      frequencies: 'inclusive',
      base: 1 / quarter,
      inverse: false,
    })
  const values = { x: Float64Array.of(1, 2, 3, 4), place: Int32Array.of(1) }
  // frequencies 1 and pi / 2: the second pair turns by a quarter
  const [c, s] = [Math.cos(1), Math.sin(1)]
  expectClose(run(turn('interleaved'), values), [c - 2 * s, 2 * c + s, -4, 3])
  expectClose(run(turn('half'), values), [c - 3 * s, -4, 3 * c + s, 2])
})

test('the two ladders of frequencies', () => {
  const plain = { layout: 'half', base: 10_000, inverse: false } as const
  expectClose([...rotaryFrequencies(8, { ...plain, frequencies: 'standard' })], [1, 0.1, 0.01, 0.001])
  expectClose([...rotaryFrequencies(10, { ...plain, frequencies: 'inclusive' })], [1, 0.1, 0.01, 0.001, 0.0001])
  expect([...rotaryFrequencies(2, { ...plain, frequencies: 'inclusive' })]).toEqual([1])
})

test('the decay norm divides by the root of the sum of powers', () => {
  const values = { x: Float64Array.of(1, 1), place: Int32Array.of(2) }
  const build = (g: GraphBuilder) =>
    decayNorm(g.input('x', [1, 1, 2, 1]), g.input('place', [1, 1], 'i32'), [Math.log(0.5), 0])
  expectClose(run(build, values), [1.75 ** -0.5, 3 ** -0.5])
})

test('weights decode to exact numbers', () => {
  const bits = Uint16Array.of(0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555, 0x8000)
  expect([...decodeWeight({ type: { dtype: 'f32', shape: [6] }, encoding: 'f16', data: bits })]).toEqual([
    1,
    -2,
    65504,
    2 ** -24,
    0.333251953125,
    -0,
  ])
  // two rows of 33: blocks of 32 and 1, each with its own scale
  const data = Int8Array.from({ length: 66 }, (_, at) => (at % 33 === 32 ? 3 : 1))
  const scales = Float32Array.of(0.5, 2, 4, 8)
  const values = decodeWeight({ type: { dtype: 'f32', shape: [2, 33] }, encoding: 'q8', data, scales })
  expect([values[0], values[31], values[32], values[33], values[65]]).toEqual([0.5, 0.5, 6, 4, 24])
  // the same blocks in 4 bits: the earlier element is the low half, rows are whole blocks, and a scale may be negative
  const pairs = new Uint8Array(64).fill(0x88)
  pairs.set([0x0f, 0x97], 0)
  pairs[16] = 0x8a
  pairs[32] = 0xf8
  const packed = decodeWeight({
    type: { dtype: 'f32', shape: [2, 33] },
    encoding: 'q4',
    data: pairs,
    scales: Float32Array.of(0.5, -2, 4, 8),
  })
  expect([...packed.subarray(0, 5), packed[32], packed[33], packed[34]]).toEqual([3.5, -4, -0.5, 0.5, 0, -4, 0, 28])
})

test('a missing or misshapen value is refused', () => {
  const graph = trace('graph', (g) => ({ y: gelu(g.input('x', [4])) }))
  expect(() => interpret(graph, {})).toThrow('graph: x must be f32[4], got nothing.')
  expect(() => interpret(graph, { x: new Float64Array(3) })).toThrow('graph: x must be f32[4], got 3 numbers.')
})
