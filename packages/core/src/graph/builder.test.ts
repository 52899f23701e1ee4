import { expect, test } from 'vitest'
import { RetNetError } from '../errors/retnet-error.js'
import { ShapeError } from '../errors/shape-error.js'
import { batchMatmul, embed, matmul } from '../ops/contraction.js'
import { add, scale } from '../ops/elementwise.js'
import { crossEntropy } from '../ops/loss.js'
import { rmsNorm } from '../ops/norm.js'
import { decayNorm, rotary } from '../ops/position.js'
import { sum } from '../ops/reduction.js'
import { retention } from '../ops/retention.js'
import { broadcast, concat, constant, reshape, slice, transpose } from '../ops/structure.js'
import { GraphBuilder, trace } from './builder.js'
import { print } from './print.js'

test('keys with fewer heads than queries say what to do', () => {
  const attempt = () => {
    const g = new GraphBuilder('g')
    return retention(g.input('q', [1, 64, 8, 32]), g.input('k', [1, 64, 4, 32]), g.input('v', [1, 64, 8, 64]), {
      logDecay: Array.from({ length: 8 }, () => -0.1),
    })
  }
  expect(attempt).toThrowErrorMatchingInlineSnapshot(
    `[ShapeError: retention: expected k [B, T, H, Dk] like q [1, 64, 8, 32], got f32[1, 64, 4, 32]. Repeat k per group: it has 4 heads for 8.]`,
  )
  try {
    attempt()
  } catch (error) {
    expect(error).toBeInstanceOf(ShapeError)
    expect(RetNetError.isInstance(error)).toBe(true)
    expect(error).toMatchObject({ name: 'ShapeError', op: 'retention', argument: 'k', actual: 'f32[1, 64, 4, 32]' })
  }
})

test('every op refuses operands that do not fit', () => {
  const g = new GraphBuilder('g')
  const f = (...shape: number[]) => g.input(`f${g.build().types.length}`, shape)
  const i = (...shape: number[]) => g.input(`i${g.build().types.length}`, shape, 'i32')
  const turn = { layout: 'half', frequencies: 'standard', base: 1e4, inverse: false } as const
  const attempts: readonly [() => unknown, string][] = [
    [() => add(f(2, 3), f(2)), 'add: expected b a shape that broadcasts with f32[2, 3], got f32[2].'],
    [() => add(f(2), i(2)), 'add: expected b f32, got i32[2].'],
    [() => scale(i(2), 2), 'scale: expected x f32'],
    [() => matmul(f(2, 3), f(2, 3)), 'matmul: expected b rows equal to 3 of a f32[2, 3], got f32[2, 3].'],
    [() => matmul(f(2, 3), f(4, 2), { transposeB: true }), 'columns equal to 3'],
    [() => batchMatmul(f(2, 3, 4), f(3, 4, 5)), 'batchMatmul: expected b [..., 4, N] with the leading axes of a'],
    [() => embed(f(5, 3), f(2)), 'embed: expected ids i32'],
    [() => embed(f(5), i(2)), 'embed: expected table [V, D]'],
    [() => reshape(f(2, 3), [7]), 'reshape: expected x 7 elements for [7], got f32[2, 3].'],
    [() => transpose(f(2, 3), [0, 0]), 'every axis of f32[2, 3] once, got [0, 0]'],
    [() => transpose(f(2, 3), [0]), 'every axis'],
    [() => slice(f(4), [2], [3]), 'slice: expected starts and sizes a box inside f32[4], got [2] + [3].'],
    [() => slice(f(4), [-1], [3]), 'a box inside'],
    [() => concat([f(2, 3), f(2, 4)], 0), 'concat: expected part 1 like f32[2, 3] on every axis but 0'],
    [() => concat([f(2), i(2)], 0), 'part 1'],
    [() => concat([], 0), 'concat: expected parts at least one'],
    [() => concat([f(2), f(2)], 1), 'on every axis but 1'],
    [() => broadcast(f(2), [3]), 'a shape that broadcasts to [3]'],
    [() => broadcast(f(2, 3), [3]), 'a shape that broadcasts to [3]'],
    [() => constant(g, [2], [1]), 'constant: expected values 2 for [2], got 1.'],
    [() => sum(f(2), [1]), 'sum: expected axes axes of f32[2], got 1.'],
    [() => rmsNorm(f(2, 3), f(2), 1e-6), 'rmsNorm: expected weight the last axis of x [3]'],
    [() => rotary(f(1, 2, 1, 3), i(1, 2), turn), 'rotary: expected x an even last axis'],
    [() => rotary(f(1, 2, 1, 4), i(2, 2), turn), 'rotary: expected positions [B, T] = [1, 2]'],
    [() => decayNorm(f(1, 2, 3, 4), i(1, 2), [-1]), '3 values, one a head of x'],
    [() => crossEntropy(f(2, 3), i(3)), 'crossEntropy: expected targets the leading axes of logits [2]'],
    [() => retention(f(1, 2, 1, 4), f(1, 2, 1, 4), f(1, 2, 1, 4), { logDecay: [0.1] }), 'values of at most 0'],
    [
      () => retention(f(1, 2, 1, 4), f(1, 2, 1, 4), f(1, 3, 1, 4), { logDecay: [0] }),
      'retention: expected v [B, T, H, Dv] =',
    ],
    [
      () => retention(f(1, 2, 1, 4), f(1, 2, 1, 4), f(1, 2, 1, 4), { logDecay: [0], mask: f(1, 2) }),
      'expected mask i32',
    ],
  ]
  for (const [attempt, message] of attempts) expect(attempt).toThrow(message)
})

test('names are taken once, parameters may be asked for again', () => {
  const g = new GraphBuilder('g')
  g.input('x', [2])
  expect(() => g.parameter('x', [2])).toThrow('x: the name is already taken')
  expect(() => g.state('x', [2])).toThrow('x: the name is already taken')
  const weight = g.parameter('weight', [2, 3])
  expect(g.parameter('weight', [2, 3]).id).toBe(weight.id)
  expect(() => g.parameter('weight', [3, 2])).toThrow('parameter weight: declared as f32[2, 3] and again with [3, 2].')
  g.output('y', weight)
  expect(() => g.output('y', weight)).toThrow('output y: declared twice')
})

test('a state must be updated, by a value of its type, and operands come from one graph', () => {
  const g = new GraphBuilder('g')
  const memory = g.state('memory', [2])
  expect(() => g.build()).toThrow('state memory: updateState was never called')
  expect(() => g.updateState(memory, g.input('x', [3]))).toThrow('its next value is f32[3], expected f32[2]')
  expect(() => g.updateState(g.input('z', [2]), memory)).toThrow('not a state of this graph')
  const other = new GraphBuilder('other').input('x', [2])
  expect(() => add(memory, other)).toThrow('add: an operand belongs to another graph')
})

test('a graph prints as text', () => {
  const graph = trace('one head', (g) => {
    const [q, k, v] = ['q', 'k', 'v'].map((name) => g.input(name, [1, 5, 1, 4]))
    const before = g.state('memory', [1, 1, 4, 4])
    const { output, state } = retention(q, k, v, { logDecay: [Math.log(31 / 32)], state: before })
    g.updateState(before, state)
    return { y: matmul(reshape(output, [5, 4]), g.parameter('weight', [2, 4]), { transposeB: true }) }
  })
  expect(print(graph)).toMatchInlineSnapshot(`
    "graph one head
      input %q: f32[1, 5, 1, 4]
      input %k: f32[1, 5, 1, 4]
      input %v: f32[1, 5, 1, 4]
      parameter %weight: f32[2, 4]
      state %memory: f32[1, 1, 4, 4]
      %4: f32[1, 5, 1, 4], %5: f32[1, 1, 4, 4] = retention(%q, %k, %v, _, %memory) { logDecay: [-0.0317487], reverse: false }
      %6: f32[5, 4] = reshape(%4) { shape: [5, 4] }
      %8: f32[5, 2] = matmul(%6, %weight) { transposeA: false, transposeB: true }
      next %memory = %5
      output y = %8"
  `)
})
