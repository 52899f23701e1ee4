import {
  type Backend,
  type Value,
  add,
  broadcast,
  cast,
  concat,
  constant,
  div,
  erf,
  exp,
  fill,
  gelu,
  log,
  mul,
  reshape,
  rsqrt,
  scale,
  sigmoid,
  silu,
  slice,
  softmax,
  sub,
  sum,
  trace,
  transpose,
} from '@retnet/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cpu } from './backend.js'
import { expectMatch, numbers, runCase } from './testing.js'

let backend: Backend
beforeAll(async () => {
  backend = await cpu({ threads: 2, poison: true })
})
afterAll(() => backend.dispose())

/** Largest error in units of the last place of the expected float32. */
async function worstUlp(op: (x: Value) => Value, meaning: (x: number) => number, x: Float32Array): Promise<number> {
  const graph = trace('op', (g) => ({ y: op(g.input('x', [x.length])) }))
  const { outputs } = await runCase(backend, { graph, inputs: { x } })
  return x.reduce((worst, value, index) => {
    const expected = meaning(value)
    const ulp = Math.max(2 ** (Math.floor(Math.log2(Math.abs(expected) || 1e-38)) - 23), 2 ** -149)
    return Math.max(worst, Math.abs(outputs.y[index] - expected) / ulp)
  }, 0)
}

const spread = (low: number, high: number) => numbers(4001).map((value) => low + ((value + 1) / 2) * (high - low))

describe('elementwise ops', () => {
  it('are accurate to a few units in the last place', async () => {
    expect(await worstUlp(exp, Math.exp, spread(-87, 88))).toBeLessThan(2)
    expect(await worstUlp(log, Math.log, spread(1e-30, 5))).toBeLessThan(1)
    expect(await worstUlp(sigmoid, (x) => 1 / (1 + Math.exp(-x)), spread(-80, 80))).toBeLessThan(4)
    expect(await worstUlp(silu, (x) => x / (1 + Math.exp(-x)), spread(-80, 80))).toBeLessThan(4)
    expect(
      await worstUlp(
        (x) => rsqrt(x, 1e-6),
        (x) => 1 / Math.sqrt(x + 1e-6),
        spread(0, 9),
      ),
    ).toBeLessThan(4)
  })

  it('follow IEEE at the ends of the range', async () => {
    const x = Float32Array.of(-Infinity, Infinity, NaN, -200, 200, 0, -1)
    const graph = trace('ends', (g) => {
      const value = g.input('x', [7])
      return { exp: exp(value), log: log(value), silu: silu(value) }
    })
    const { outputs } = await runCase(backend, { graph, inputs: { x } })
    expect([...outputs.exp]).toEqual([0, Infinity, NaN, 0, Infinity, 1, Math.fround(Math.exp(-1))])
    expect([...outputs.log]).toEqual([NaN, Infinity, NaN, NaN, Math.fround(Math.log(200)), -Infinity, NaN])
    expect(outputs.silu[1]).toBe(Infinity)
    expect(Math.abs(outputs.silu[3])).toBe(0)
  })

  it('agree with the interpreter on odd sizes', async () => {
    for (const size of [1, 63, 100, 129]) {
      const graph = trace('all', (g) => {
        const x = g.input('x', [size])
        const ops = {
          exp,
          erf,
          sigmoid,
          silu,
          gelu,
          log: (v: Value) => log(exp(v)),
          scale: (v: Value) => scale(v, -0.3),
        }
        return Object.fromEntries(Object.entries(ops).map(([name, op]) => [name, op(x)]))
      })
      await expectMatch(backend, { graph, inputs: { x: numbers(size).map((value) => value * 5) } })
    }
  })

  it('broadcast like NumPy', async () => {
    const shapes = [
      [[63], [63]],
      [[3, 5, 9], [9]],
      [
        [3, 5, 9],
        [5, 1],
      ],
      [
        [3, 1, 9],
        [5, 1],
      ],
      [[1], [2, 63]],
      [[], [7]],
      [
        [2, 1, 3, 1, 5],
        [1, 4, 1, 2, 1],
      ],
    ]
    for (const [a, b] of shapes) {
      const graph = trace('broadcast', (g) => {
        const [x, y] = [g.input('x', a), g.input('y', b)]
        return { add: add(x, y), sub: sub(y, x), mul: mul(x, y), div: div(x, y) }
      })
      const size = (shape: number[]) => shape.reduce((product, extent) => product * extent, 1)
      await expectMatch(backend, { graph, inputs: { x: numbers(size(a)), y: numbers(size(b), 2).map((v) => v + 2) } })
    }
  })

  it('compute a gate and its product in one kernel', async () => {
    const graph = trace('gate', (g) => {
      const [a, b] = [g.input('a', [9, 33]), g.input('b', [9, 33])]
      return {
        left: mul(silu(a), b),
        right: mul(a, silu(b)),
        both: mul(silu(a), silu(b)),
        square: mul(silu(a), silu(a)),
      }
    })
    const { kernels } = await expectMatch(backend, { graph, inputs: { a: numbers(297), b: numbers(297, 5) } })
    expect(kernels['mul+silu']).toBe(4)
  })
})

describe('structure ops', () => {
  it('move numbers of both types', async () => {
    for (const dtype of ['f32', 'i32'] as const) {
      const graph = trace('move', (g) => {
        const x = g.input('x', [3, 1, 5, 7], dtype)
        return {
          turned: transpose(x, [3, 0, 2, 1]),
          kept: transpose(x, [1, 0, 2, 3]),
          row: slice(x, [1, 0, 0, 0], [1, 1, 5, 7]),
          box: slice(x, [0, 0, 1, 2], [3, 1, 3, 4]),
          joined: concat([x, slice(x, [0, 0, 2, 0], [3, 1, 2, 7]), x], 2),
          wide: broadcast(x, [2, 3, 4, 5, 7]),
          flat: reshape(x, [105]),
        }
      })
      const x = numbers(105).map((value) => Math.round(value * 1000))
      await expectMatch(backend, { graph, inputs: { x: dtype === 'i32' ? Int32Array.from(x) : x } }, 0)
    }
  })

  it('make numbers from nothing', async () => {
    const graph = trace('make', (g) => ({
      filled: fill(g, [63], 2.5),
      known: constant(g, [2, 2], [1, 2, 3, 4]),
      turned: cast(g.input('i', [3], 'i32')),
      sum: add(constant(g, [2, 1], [1, 2]), fill(g, [3], 1)),
    }))
    await expectMatch(backend, { graph, inputs: { i: Int32Array.of(-7, 0, 123456) } }, 0)
  })
})

describe('reductions', () => {
  it('sum over any axes', async () => {
    for (const axes of [[0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2], []]) {
      const graph = trace('sum', (g) => ({ y: sum(g.input('x', [5, 9, 63]), axes) }))
      await expectMatch(backend, { graph, inputs: { x: numbers(5 * 9 * 63) } }, 1e-6)
    }
  })

  it('softmax stays finite for large numbers', async () => {
    for (const width of [1, 63, 100, 129]) {
      const graph = trace('softmax', (g) => ({ y: softmax(g.input('x', [3, width])) }))
      await expectMatch(backend, { graph, inputs: { x: numbers(3 * width).map((value) => value * 500) } }, 1e-5)
    }
  })
})
