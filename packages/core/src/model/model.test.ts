import { describe, expect, test } from 'vitest'
import { create, expectSameState, spec, text, weights } from '../../test/tiny-model.js'
import type { Backend } from '../contract/backend.js'
import { SnapshotError } from '../errors/snapshot-error.js'
import { print } from '../graph/print.js'
import { reference } from '../interpret/reference-backend.js'
import { encodeSnapshot } from '../snapshot/encode.js'
import { consumeGraph, logitsGraph, nextTokenGraph } from './graphs.js'
import type { RetNetSpec } from './spec.js'

describe('graphs', () => {
  test('one layer as text', () => {
    expect(print(nextTokenGraph(spec, { rows: 1, length: 1 }))).toMatchInlineSnapshot(`
      "graph retnet.next
        input %tokens: i32[1, 1]
        input %mask: i32[1, 1]
        parameter %embedding.weight: f32[17, 8]
        parameter %layers.0.retentionNorm.weight: f32[8]
        parameter %layers.0.retention.query.weight: f32[8, 8]
        parameter %layers.0.retention.key.weight: f32[4, 8]
        parameter %layers.0.retention.value.weight: f32[6, 8]
        parameter %layers.0.retention.headNorm.weight: f32[6]
        parameter %layers.0.retention.gate.weight: f32[12, 8]
        parameter %layers.0.retention.output.weight: f32[8, 12]
        parameter %layers.0.feedForwardNorm.weight: f32[8]
        parameter %layers.0.feedForward.up.weight: f32[10, 8]
        parameter %layers.0.feedForward.gate.weight: f32[10, 8]
        parameter %layers.0.feedForward.down.weight: f32[8, 10]
        parameter %norm.weight: f32[8]
        parameter %head.weight: f32[17, 8]
        parameter %head.bias: f32[17]
        state %position: i32[1]
        state %layers.0.retention: f32[1, 2, 4, 6]
        %3: i32[1, 1], %4: i32[1] = positions(%position, %mask)
        %6: f32[1, 1, 8] = embed(%embedding.weight, %tokens)
        %8: f32[1, 1, 8] = rmsNorm(%6, %layers.0.retentionNorm.weight) { epsilon: 0.000001 }
        %10: f32[1, 1, 8] = matmul(%8, %layers.0.retention.query.weight) { transposeA: false, transposeB: true }
        %11: f32[1, 1, 2, 4] = reshape(%10) { shape: [1, 1, 2, 4] }
        %13: f32[1, 1, 4] = matmul(%8, %layers.0.retention.key.weight) { transposeA: false, transposeB: true }
        %14: f32[1, 1, 1, 4] = reshape(%13) { shape: [1, 1, 1, 4] }
        %15: f32[1, 1, 2, 4] = rotary(%11, %3) { layout: interleaved, frequencies: inclusive, base: 10000, inverse: false }
        %16: f32[1, 1, 1, 4] = scale(%14) { factor: 0.5 }
        %17: f32[1, 1, 1, 4] = rotary(%16, %3) { layout: interleaved, frequencies: inclusive, base: 10000, inverse: false }
        %19: f32[1, 1, 6] = matmul(%8, %layers.0.retention.value.weight) { transposeA: false, transposeB: true }
        %20: f32[1, 1, 1, 6] = reshape(%19) { shape: [1, 1, 1, 6] }
        %22: f32[1, 1, 1, 1, 4] = reshape(%17) { shape: [1, 1, 1, 1, 4] }
        %23: f32[1, 1, 1, 2, 4] = broadcast(%22) { shape: [1, 1, 1, 2, 4] }
        %24: f32[1, 1, 2, 4] = reshape(%23) { shape: [1, 1, 2, 4] }
        %25: f32[1, 1, 1, 1, 6] = reshape(%20) { shape: [1, 1, 1, 1, 6] }
        %26: f32[1, 1, 1, 2, 6] = broadcast(%25) { shape: [1, 1, 1, 2, 6] }
        %27: f32[1, 1, 2, 6] = reshape(%26) { shape: [1, 1, 2, 6] }
        %28: f32[1, 1, 2, 6], %29: f32[1, 2, 4, 6] = retention(%15, %24, %27, %mask, %layers.0.retention) { logDecay: [-0.0317487, -0.0157484], reverse: false }
        %30: f32[1, 1, 2, 6] = decayNorm(%28, %3) { logDecay: [-0.0317487, -0.0157484] }
        %32: f32[1, 1, 2, 6] = rmsNorm(%30, %layers.0.retention.headNorm.weight) { epsilon: 0.000001 }
        %33: f32[1, 1, 12] = reshape(%32) { shape: [1, 1, 12] }
        %35: f32[1, 1, 12] = matmul(%8, %layers.0.retention.gate.weight) { transposeA: false, transposeB: true }
        %36: f32[1, 1, 12] = silu(%35)
        %37: f32[1, 1, 12] = mul(%36, %33)
        %39: f32[1, 1, 8] = matmul(%37, %layers.0.retention.output.weight) { transposeA: false, transposeB: true }
        %40: f32[1, 1, 8] = add(%6, %39)
        %42: f32[1, 1, 8] = rmsNorm(%40, %layers.0.feedForwardNorm.weight) { epsilon: 0.000001 }
        %44: f32[1, 1, 10] = matmul(%42, %layers.0.feedForward.up.weight) { transposeA: false, transposeB: true }
        %46: f32[1, 1, 10] = matmul(%42, %layers.0.feedForward.gate.weight) { transposeA: false, transposeB: true }
        %47: f32[1, 1, 10] = gelu(%46)
        %48: f32[1, 1, 10] = mul(%47, %44)
        %50: f32[1, 1, 8] = matmul(%48, %layers.0.feedForward.down.weight) { transposeA: false, transposeB: true }
        %51: f32[1, 1, 8] = add(%40, %50)
        %53: f32[1, 1, 8] = rmsNorm(%51, %norm.weight) { epsilon: 0.000001 }
        %55: f32[1, 1, 17] = matmul(%53, %head.weight) { transposeA: false, transposeB: true }
        %57: f32[1, 1, 17] = add(%55, %head.bias)
        %58: f32[1, 17] = reshape(%57) { shape: [1, 17] }
        next %position = %4
        next %layers.0.retention = %29
        output logits = %58"
    `)
  })

  test('every graph of one specification has the same states, in the same order', () => {
    const states = (graph: ReturnType<typeof logitsGraph>) =>
      graph.states.map(({ name, input }) => `${name} ${graph.types[input].shape.join()}`)
    const expected = states(logitsGraph(spec, { rows: 1, length: 1 }))
    expect(states(consumeGraph(spec, { rows: 1, length: 128 }))).toEqual(expected)
    expect(states(nextTokenGraph(spec, { rows: 1, length: 7 }))).toEqual(expected)
  })

  test('consuming needs neither the head nor the last block after its retention', () => {
    const names = consumeGraph(spec, { rows: 1, length: 16 }).parameters.map(({ name }) => name)
    expect(names).not.toContain('head.weight')
    expect(names).not.toContain('layers.0.feedForward.down.weight')
    expect(names).not.toContain('layers.0.retention.output.weight')
    expect(names).toContain('layers.0.retention.key.weight')
  })
})

describe('a model', () => {
  test.each([1, 15, 16, 17, 129, 145])('takes in %i tokens at once as it does one by one', async (length) => {
    using model = await create()
    using whole = await model.createState()
    using single = await model.createState()
    await model.consume(whole, text(length))
    for (const token of text(length)) await model.next(single, token)
    await expectSameState(model, whole, single)
    const [after, expected] = [await model.next(whole, 5), await model.next(single, 5)]
    after.forEach((value, at) => expect(value).toBeCloseTo(expected[at], 5))
  })

  test('takes in a long text in the runs that its backend prefers', async () => {
    const backend = reference()
    using eager = await create({ backend: { ...backend, limits: { ...backend.limits, preferredTokens: 200 } } })
    using model = await create()
    using state = await eager.createState()
    using expected = await model.createState()
    const reported: number[] = []
    await eager.consume(state, text(345), { onProgress: (tokens) => reported.push(tokens) })
    await model.consume(expected, text(345))
    expect(reported).toEqual([200, 328, 345])
    await expectSameState(model, await model.restore(await eager.snapshot(state)), expected)
  })

  test('gives the logits of the whole text token by token', async () => {
    using model = await create()
    const program = await model.program('logits', { rows: 1, length: 9 })
    using state = program.createState()
    const { logits } = await program.run({ tokens: text(9), mask: new Int32Array(9).fill(1) }, state)
    using single = await model.createState()
    for (const [t, token] of text(9).entries()) {
      const expected = await model.next(single, token)
      expected.forEach((value, at) => expect(logits[t * spec.vocabSize + at]).toBeCloseTo(value, 5))
    }
  })

  test('consuming nothing changes nothing', async () => {
    using model = await create()
    using state = await model.createState()
    await model.consume(state, [])
    expect((await model.snapshot(state)).position).toBe(0)
  })

  test('aborted in the middle, the state holds what onProgress reported', async () => {
    using model = await create()
    using state = await model.createState()
    const stop = new AbortController()
    const reported: number[] = []
    const onProgress = (tokens: number) => {
      reported.push(tokens)
      if (reported.length === 2) stop.abort()
    }
    await expect(model.consume(state, text(400), { signal: stop.signal, onProgress })).rejects.toThrow(/abort/i)
    expect(reported).toEqual([128, 256])
    using expected = await model.createState()
    await model.consume(expected, text(256))
    await expectSameState(model, state, expected)
    // and it goes on from there
    await model.consume(state, text(400).subarray(256))
    expect((await model.snapshot(state)).position).toBe(400)
  })

  test('an error of a run in the middle leaves the state at the last report', async () => {
    const backend = failing(reference(), 3)
    using model = await create({ backend })
    using state = await model.createState()
    let done = 0
    await expect(model.consume(state, text(400), { onProgress: (tokens) => (done = tokens) })).rejects.toThrow(
      'out of luck',
    )
    expect((await model.snapshot(state)).position).toBe(done)
    expect(done).toBe(256)
  })

  test('refuses ids outside the vocabulary before it runs', async () => {
    using model = await create()
    using state = await model.createState()
    for (const bad of [-1, 17, 1.5, Number.NaN]) {
      await expect(model.consume(state, [1, bad])).rejects.toThrow('token 1: expected an id from 0 to 16')
      await expect(model.next(state, bad)).rejects.toThrow('token 0: expected an id from 0 to 16')
    }
    expect((await model.snapshot(state)).position).toBe(0)
  })

  test('compiles each program once', async () => {
    let compiled = 0
    const inner = reference()
    const backend: Backend = { ...inner, compile: (graph, options) => (compiled++, inner.compile(graph, options)) }
    using model = await create({ backend })
    using state = await model.createState()
    await model.consume(state, text(300))
    await model.consume(state, text(300))
    const before = compiled
    await model.consume(state, text(300))
    expect(compiled).toBe(before)
  })

  test('is useless after dispose', async () => {
    const model = await create()
    model.dispose()
    model.dispose()
    await expect((async () => model.createState())()).rejects.toThrow('model was used after dispose()')
  })
})

describe('creating a model', () => {
  test('refuses missing, unknown and misshapen weights and gives back what was uploaded', async () => {
    const all = [...weights()]
    const [name, first] = all[0]
    const wrong = { ...first, type: { ...first.type, shape: [3] }, data: new Float32Array(3) }
    const attempts: readonly [typeof all, string][] = [
      [all.slice(1), `weight ${name} to be given, got nothing`],
      [[...all, ['surplus', first]], 'weight surplus not to exist'],
      [[[name, wrong], ...all.slice(1)], `weight ${name} [17, 8], got f32[3]`],
    ]
    for (const [list, message] of attempts) {
      const counted = counting(reference())
      await expect(create({ backend: counted.backend, weights: list })).rejects.toThrow(message)
      expect(counted.alive()).toBe(0)
    }
  })

  test('can be aborted, which gives back what was uploaded', async () => {
    const counted = counting(reference())
    const signal = AbortSignal.abort()
    await expect(create({ backend: counted.backend, signal })).rejects.toThrow(/abort/i)
    expect(counted.alive()).toBe(0)
  })

  test('checks the specification first', async () => {
    await expect(create({ spec: { ...spec, heads: 3 } })).rejects.toMatchObject({ name: 'SpecError' })
  })
})

describe('snapshots of a model', () => {
  test('continue in another model of the same weights, with what travelled along', async () => {
    using model = await create()
    using state = await model.createState()
    await model.consume(state, text(20))
    const bytes = await model.saveState(state, { sampler: { shape: [2], data: Int32Array.of(1, 2) } })
    using other = await create()
    const { state: restored, extra } = await other.loadState(bytes)
    expect(extra).toEqual({ sampler: { shape: [2], data: Int32Array.of(1, 2) } })
    const [actual, expected] = [await other.next(restored, 4), await model.next(state, 4)]
    actual.forEach((value, at) => expect(value).toBeCloseTo(expected[at], 5))
    expect((await other.snapshot(restored)).position).toBe(21)
    restored.dispose()
  })

  test('of another model, other weights or another shape are refused', async () => {
    using model = await create()
    using state = await model.createState()
    const snapshot = await model.snapshot(state)
    const { tensors } = snapshot
    const name = 'state.layers.0.retention'
    const attempts = [
      ['other-model', { ...snapshot, identity: { ...snapshot.identity, spec: '0' } }],
      ['other-weights', { ...snapshot, identity: { ...snapshot.identity, weights: '0' } }],
      ['shape', { ...snapshot, tensors: {} }],
      ['shape', { ...snapshot, tensors: { ...tensors, [name]: { shape: [1], data: Float32Array.of(1) } } }],
      [
        'shape',
        {
          ...snapshot,
          tensors: { ...tensors, [name]: { ...tensors[name], data: Int32Array.from(tensors[name].data) } },
        },
      ],
    ] as const
    for (const [problem, bad] of attempts) {
      const thrown: unknown = await model.loadState(encodeSnapshot(bad)).catch((error: unknown) => error)
      expect(thrown).toBeInstanceOf(SnapshotError)
      expect(thrown).toMatchObject({ problem })
    }
  })

  test('the specification counts, not the order of its fields', async () => {
    using model = await create()
    using same = await create({ spec: Object.fromEntries(Object.entries(spec).toReversed()) as unknown as RetNetSpec })
    const other = { ...spec, headNorm: { ...spec.headNorm, epsilon: 1e-5 } }
    using different = await create({ spec: other, weights: weights(other) })
    expect(same.identity).toEqual(model.identity)
    expect(different.identity.spec).not.toBe(model.identity.spec)
  })
})

/** A backend whose run number `at` fails. */
function failing(inner: Backend, at: number): Backend {
  let runs = 0
  return {
    ...inner,
    async compile(graph, options) {
      const program = await inner.compile(graph, options)
      return {
        ...program,
        run: (...args) => (++runs === at ? Promise.reject(new Error('out of luck')) : program.run(...args)),
      }
    },
  }
}

/** A backend that knows how many of its weights have not been given back. */
function counting(inner: Backend): { backend: Backend; alive: () => number } {
  let alive = 0
  const upload: Backend['upload'] = async (data) => {
    const weight = await inner.upload(data)
    alive++
    return {
      ...weight,
      type: weight.type,
      bytes: weight.bytes,
      dispose: () => void alive--,
      [Symbol.dispose]: () => {},
    }
  }
  return { backend: { ...inner, upload }, alive: () => alive }
}

describe('prepare', () => {
  test('compiles what generation needs, tells how far it is, and stops when it is aborted', async () => {
    const compiled: string[] = []
    const inner = reference()
    const backend: Backend = {
      ...inner,
      compile: (graph, options) => {
        compiled.push(graph.name)
        return inner.compile(graph, options)
      },
    }
    using model = await create({ backend })
    const told: number[] = []
    const controller = new AbortController()
    const onProgress = (done: number) => {
      told.push(done)
      if (done > 0.3) controller.abort(new Error('enough'))
    }
    await expect(model.prepare({ onProgress, signal: controller.signal })).rejects.toThrow('enough')
    const first = compiled.length
    await model.prepare({ onProgress: (done) => told.push(done) })
    expect(first).toBeLessThan(compiled.length)
    expect([told[0], told.at(-1)]).toEqual([0, 1])
    const all = compiled.length
    using state = await model.createState()
    await model.consume(state, text(150))
    await model.next(state, 3)
    expect(compiled).toHaveLength(all)
  })
})
