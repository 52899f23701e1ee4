/**
 * What depends on the place of a token, in float32 throughout, because GPU providers have nothing wider. Tables of angles and of decay
 * sums are the same for all layers; the writer keeps one of each.
 */
import { type RotaryAttributes, rotaryFrequencies } from '@retnet/core'
import type { EmitRules, Emitter } from '../emitter.js'
import type { Name } from '../graph-writer.js'
import { operand } from '../weights.js'

export const positionRules: EmitRules<'positions' | 'rotary' | 'decayNorm'> = {
  positions(e, { inputs: [start, mask] }) {
    const first = e.unsqueeze(e.name(start!), [1])
    const axis = e.writer.integers32([1])
    const before = e.node('CumSum', [e.name(mask!), axis], { exclusive: 1 })
    const count = e.node('ReduceSum', [e.name(mask!), e.writer.integers([1])], { keepdims: 0 })
    return [e.node('Add', [first, before]), e.node('Add', [e.name(start!), count])]
  },
  rotary(e, { inputs: [x, place], attributes }) {
    const width = e.shapeOf(x!).at(-1)!
    const angles = angleTable(e, e.name(place!), width, attributes)
    const value = operand(e, x!)
    const turned = e.node('Mul', [partners(e, value, width, attributes), sines(e, angles, width, attributes)])
    return [e.node('Add', [e.node('Mul', [value, e.node('Cos', [angles])]), turned])]
  },
  decayNorm(e, { inputs: [x, place], attributes: { logDecay } }) {
    const factor = inverseRootOfDecaySum(e, e.name(place!), logDecay)
    return [e.node('Mul', [operand(e, x!), e.unsqueeze(factor, [-1])])]
  },
}

/** Places have three digits of this base: products of a digit with 12 bits of a fraction are exact in float32. */
const base = 4096

/**
 * Angle of each number of a head, [B, T, 1, D], between -pi and pi. A place times its frequency is a number of turns, of which only the
 * fraction counts; it is added up from the digits of the place, so that the millionth token is turned as exactly as the first.
 */
function angleTable(e: Emitter, place: Name, width: number, attributes: RotaryAttributes): Name {
  const { writer } = e
  const pairs = [...rotaryFrequencies(width, attributes)]
  const turns = [base ** 2, base, 1].flatMap((weight) =>
    Array.from({ length: width }, (_, at) => fraction((weight * pairs[pairOf(at, width, attributes)]) / (2 * Math.PI))),
  )
  const upper = turns.map((turn) => Math.round(turn * base) / base)
  const rest = turns.map((turn, at) => turn - upper[at])
  const digits = e.unsqueeze(digitsOf(e, place), [2, 4]) // [B, T, 1, 3, 1]
  const whole = e.node('Mul', [digits, writer.floats(upper, [3, width])])
  const exact = e.node('Sub', [whole, e.node('Round', [whole])])
  const parts = e.node('Add', [exact, e.node('Mul', [digits, writer.floats(rest, [3, width])])])
  const sum = e.node('ReduceSum', [parts, writer.integers([3])], { keepdims: 0 })
  return e.node('Mul', [e.node('Sub', [sum, e.node('Round', [sum])]), writer.floats([2 * Math.PI])])
}

/** Digits of places i32 [B, T], f32 [B, T, 3]. */
function digitsOf(e: Emitter, place: Name): Name {
  const each = e.unsqueeze(place, [2])
  const divisors = (values: readonly number[]) => e.writer.integers32(values, [values.length])
  const shifted = e.node('Div', [each, divisors([base ** 2, base, 1])])
  const above = e.node('Div', [each, divisors([2 ** 31 - 1, base ** 2, base])])
  const digits = e.node('Sub', [shifted, e.node('Mul', [above, e.writer.integers32([base])])])
  return e.node('Cast', [digits], { to: 1 })
}

function fraction(turns: number): number {
  return turns - Math.round(turns)
}

/** Sines with the sign that they have in the rotation: minus for the first of a pair, plus for the second. */
function sines(e: Emitter, angles: Name, width: number, attributes: RotaryAttributes): Name {
  const direction = attributes.inverse ? -1 : 1
  const signs = Array.from({ length: width }, (_, at) => (isFirst(at, width, attributes) ? -direction : direction))
  return e.node('Mul', [e.node('Sin', [angles]), e.writer.floats(signs, [width])])
}

/** Each number's partner in its pair, in its place. */
function partners(e: Emitter, x: Name, width: number, { layout }: RotaryAttributes): Name {
  if (layout === 'interleaved') {
    const swapped = Array.from({ length: width }, (_, at) => at ^ 1)
    return e.node('Gather', [x, e.writer.integers(swapped)], { axis: -1 })
  }
  const sizes = e.writer.integers([width / 2, width / 2])
  const [first, second] = e.custom('Split', [x, sizes], 2, { attributes: { axis: -1 } })
  return e.node('Concat', [second, first], { axis: -1 })
}

function pairOf(at: number, width: number, { layout }: RotaryAttributes): number {
  return layout === 'interleaved' ? at >> 1 : at % (width / 2)
}

function isFirst(at: number, width: number, { layout }: RotaryAttributes): boolean {
  return layout === 'interleaved' ? at % 2 === 0 : at < width / 2
}

/**
 * 1 / sqrt(sum_(i = 0..p) gamma^i) of each head, [B, T, H]. The sum is (1 - gamma^(p + 1)) / (1 - gamma), or p + 1 without decay; and
 * 1 - exp(-2 x) = 2 t / (1 + t) with t = tanh x, which is exact also for small x.
 */
function inverseRootOfDecaySum(e: Emitter, place: Name, logDecay: readonly number[]): Name {
  const { writer } = e
  const heads = [logDecay.length]
  const each = (value: (rate: number) => number) => writer.floats(logDecay.map(value), heads)
  const count = e.unsqueeze(e.node('Add', [e.node('Cast', [place], { to: 1 }), writer.floats([1])]), [2])
  const tangent = e.node('Tanh', [e.node('Mul', [count, each((rate) => -rate / 2)])])
  const half = e.node('Div', [tangent, e.node('Add', [tangent, writer.floats([1])])])
  const sum = e.node('Mul', [half, each((rate) => (rate === 0 ? 0 : -2 / Math.expm1(rate)))])
  const still = logDecay.map((rate) => rate === 0)
  const exact = still.includes(true) ? e.node('Where', [writer.bools(still, heads), count, sum]) : sum
  return e.node('Reciprocal', [e.node('Sqrt', [exact])])
}
