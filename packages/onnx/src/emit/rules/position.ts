/**
 * Positions grow without end, so what depends on them is reduced in float64 before it becomes float32. Tables of angles and of decay sums
 * are the same for all layers; the writer keeps one of each.
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

/** Angle of each number of a head, [B, T, 1, D], between -pi and pi. */
function angleTable(e: Emitter, place: Name, width: number, attributes: RotaryAttributes): Name {
  const frequencies = [...rotaryFrequencies(width, attributes)].map((rate) => rate / (2 * Math.PI))
  const each = Array.from({ length: width }, (_, at) => frequencies[pairOf(at, width, attributes)])
  const places = e.unsqueeze(e.node('Cast', [place], { to: 11 }), [2, 3])
  const turns = e.node('Mul', [places, e.writer.doubles(each, [width])])
  const rest = e.node('Sub', [turns, e.node('Round', [turns])])
  return e.node('Cast', [e.node('Mul', [rest, e.writer.doubles([2 * Math.PI])])], { to: 1 })
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

/** 1 / sqrt(sum_(i = 0..p) gamma^i) of each head, [B, T, H]; the sum is (1 - gamma^(p + 1)) / (1 - gamma), or p + 1 without decay. */
function inverseRootOfDecaySum(e: Emitter, place: Name, logDecay: readonly number[]): Name {
  const { writer } = e
  const heads = [logDecay.length]
  const count = e.unsqueeze(e.node('Add', [e.node('Cast', [place], { to: 11 }), writer.doubles([1])]), [2])
  const power = e.node('Exp', [e.node('Mul', [count, writer.doubles(logDecay, heads)])])
  const inverse = logDecay.map((rate) => (rate === 0 ? 0 : -1 / Math.expm1(rate)))
  const sum = e.node('Mul', [e.node('Sub', [writer.doubles([1]), power]), writer.doubles(inverse, heads)])
  const still = logDecay.map((rate) => rate === 0)
  const exact = still.includes(true) ? e.node('Where', [writer.bools(still, heads), count, sum]) : sum
  return e.node('Cast', [e.node('Div', [writer.doubles([1]), e.node('Sqrt', [exact])])], { to: 1 })
}
