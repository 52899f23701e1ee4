import { describe, expect, test } from 'vitest'
import { chunkwiseRetention } from './chunkwise.js'
import { logDecays } from './decay.js'
import { parallelRetention } from './parallel.js'
import { recurrentRetention, reverseRetention } from './recurrent.js'
import type { RetentionArguments, RetentionResult } from './retention.js'

const lengths = [1, 63, 100, 129]
const chunks = [1, 7, 16, 64]
const masks: Record<string, (row: number, t: number, length: number) => boolean> = {
  none: () => true,
  'padding on the left': (row, t) => t >= row * 3,
  'padding on the right': (row, t, length) => t < length - row * 3,
  holes: (row, t) => (t + row) % 4 !== 2,
  'a row without tokens': (row) => row === 0,
}

function example(length: number, mask: string, withState: boolean): RetentionArguments {
  const size = { batch: 2, length, heads: 3, keyWidth: 4, valueWidth: 5 }
  const numbers = (count: number, seed: number) =>
    Float64Array.from({ length: count }, (_, at) => Math.sin(at * 1.7 + seed * at * at))
  const keys = size.batch * length * size.heads * size.keyWidth
  const live = masks[mask]
  return {
    size,
    q: numbers(keys, 0.3),
    k: numbers(keys, 0.7),
    v: numbers(size.batch * length * size.heads * size.valueWidth, 1.1),
    logDecay: [...logDecays('power', 2), 0],
    mask:
      mask === 'none'
        ? null
        : Int32Array.from({ length: 2 * length }, (_, at) =>
            Number(live(Math.floor(at / length), at % length, length)),
          ),
    state: withState ? numbers(2 * 3 * 4 * 5, 2.3) : null,
  }
}

function expectSame(actual: RetentionResult, expected: RetentionResult): void {
  for (const part of ['output', 'state'] as const) {
    const size = expected[part].reduce((top, value) => Math.max(top, Math.abs(value)), 1e-300)
    const worst = expected[part].reduce((top, value, at) => Math.max(top, Math.abs(value - actual[part][at])), 0)
    expect(worst / size, part).toBeLessThan(1e-13)
  }
}

describe.each(lengths)('the three forms are one function at length %i', (length) => {
  for (const mask of Object.keys(masks)) {
    for (const withState of [false, true]) {
      test(`mask: ${mask}, ${withState ? 'a state' : 'no state'}`, () => {
        const args = example(length, mask, withState)
        const expected = recurrentRetention(args)
        expectSame(parallelRetention(args), expected)
        for (const chunk of chunks) expectSame(chunkwiseRetention(args, chunk), expected)
      })
    }
  }
})

test('a text may be cut anywhere: the state carries the rest', () => {
  const whole = example(100, 'holes', true)
  const expected = recurrentRetention(whole)
  for (const cut of [1, 37, 99]) {
    const first = recurrentRetention(tokensOf(whole, 0, cut, whole.state))
    const second = parallelRetention(tokensOf(whole, cut, 100, first.state))
    expectSame({ output: joined(first, second, cut), state: second.state }, expected)
  }
})

test('masked tokens leave the state alone and give zeros, whatever their numbers', () => {
  const args = example(63, 'holes', true)
  const poisoned = { ...args, k: args.k.slice(), v: args.v.slice(), q: args.q.slice() }
  args.mask!.forEach((live, token) => {
    if (live) return
    poisoned.k.fill(Number.NaN, token * 12, token * 12 + 12)
    poisoned.q.fill(Number.NaN, token * 12, token * 12 + 12)
    poisoned.v.fill(Number.NaN, token * 15, token * 15 + 15)
  })
  for (const form of [recurrentRetention, parallelRetention, reverseRetention]) {
    const { output, state } = form(poisoned)
    expect(output.every(Number.isFinite) && state.every(Number.isFinite)).toBe(true)
    args.mask!.forEach((live, token) => {
      if (!live) expect(output.slice(token * 15, token * 15 + 15).every((value) => value === 0)).toBe(true)
    })
    expectSame({ output, state }, form(args))
  }
})

test('a row without tokens keeps its state', () => {
  const args = example(63, 'a row without tokens', true)
  for (const form of [recurrentRetention, parallelRetention, reverseRetention]) {
    expect(form(args).state.slice(60)).toEqual((args.state as Float64Array).slice(60))
  }
})

test('two steps by hand', () => {
  const size = { batch: 1, length: 2, heads: 1, keyWidth: 1, valueWidth: 1 }
  const args = {
    size,
    q: Float64Array.of(1, 10),
    k: Float64Array.of(2, 3),
    v: Float64Array.of(5, 7),
    logDecay: [Math.log(0.5)],
  }
  // S = 2*5, then 10/2 + 3*7
  expect([...recurrentRetention(args).output].map(rounded)).toEqual([10, 260])
  expect([...recurrentRetention(args).state].map(rounded)).toEqual([26])
  // from the end: S = 3*7 is read and halved, then S + 2*5 is read and halved
  expect([...reverseRetention(args).output].map(rounded)).toEqual([20.5, 210])
  expect([...reverseRetention(args).state].map(rounded)).toEqual([10.25])
})

test('the reverse direction is the transpose: <do, retention(q, k, v)> = <v, reverse(k, q, do)>', () => {
  const args = example(63, 'holes', false)
  const dOutput = example(63, 'none', false).v.map((value) => value * value - 0.3)
  const forward = recurrentRetention(args).output
  const backward = reverseRetention({ ...args, q: args.k, k: args.q, v: dOutput }).output
  expect(dot(dOutput, forward)).toBeCloseTo(dot(args.v, backward), 10)
})

test('sizes that do not fit and chunks of nothing are refused', () => {
  const args = example(7, 'none', false)
  expect(() => recurrentRetention({ ...args, k: args.k.subarray(1) })).toThrow(
    'retention: k: expected 168 numbers, got 167.',
  )
  expect(() => parallelRetention({ ...args, state: new Float64Array(3) })).toThrow(
    'retention: state: expected 120 numbers, got 3.',
  )
  expect(() => parallelRetention({ ...args, mask: new Int32Array(3) })).toThrow('retention: mask')
  expect(() => parallelRetention({ ...args, logDecay: [0] })).toThrow('retention: logDecay')
  for (const chunk of [0, -1, 1.5, Number.NaN])
    expect(() => chunkwiseRetention(args, chunk)).toThrow('chunk: expected a whole number')
})

function tokensOf(
  args: RetentionArguments,
  from: number,
  to: number,
  state: RetentionArguments['state'],
): RetentionArguments {
  const { size } = args
  const cut = (data: Float64Array | Int32Array, width: number) => {
    const rows = Array.from({ length: size.batch }, (_, row) => [
      ...data.subarray((row * size.length + from) * width, (row * size.length + to) * width),
    ])
    return rows.flat()
  }
  return {
    ...args,
    size: { ...size, length: to - from },
    q: Float64Array.from(cut(args.q as Float64Array, 12)),
    k: Float64Array.from(cut(args.k as Float64Array, 12)),
    v: Float64Array.from(cut(args.v as Float64Array, 15)),
    mask: Int32Array.from(cut(args.mask!, 1)),
    state,
  }
}

function joined(first: RetentionResult, second: RetentionResult, cut: number): Float64Array {
  const rest = 100 - cut
  const rows = [0, 1].map((row) => [
    ...first.output.subarray(row * cut * 15, (row + 1) * cut * 15),
    ...second.output.subarray(row * rest * 15, (row + 1) * rest * 15),
  ])
  return Float64Array.from(rows.flat())
}

function dot(a: RetentionArguments['v'], b: RetentionArguments['v']): number {
  return Array.from(a).reduce((total, value, at) => total + value * b[at], 0)
}

function rounded(value: number): number {
  return Math.round(value * 1e12) / 1e12
}
