import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Backend, ArgumentError, add, trace } from '@retnet/core'
import { cpu } from '@retnet/cpu'
import { type LoadedModel, loadModel } from '@retnet/formats'
import { createSession, generate, restoreSession } from '@retnet/generate'
import * as ort from 'onnxruntime-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { onnx } from './backend/onnx.js'
import type { OnnxOptions } from './backend/onnx-options.js'
import type { OnnxState } from './backend/state.js'
import { ProviderError } from './errors.js'

const counter = trace('counter', (g) => {
  const [x, memory] = [g.input('x', [3]), g.state('memory', [3])]
  const next = add(memory, x)
  g.updateState(memory, next)
  return { y: next }
})
const ones = { x: new Float32Array(3).fill(1) }

describe('onnx', () => {
  test('takes the first provider that works, and says why not another', async () => {
    using backend = await onnx({ ort, executionProviders: ['nonsense', 'cpu'], threads: 1 })
    expect(backend.fallbacks).toEqual([expect.stringMatching(/^nonsense: ./)])
    expect(backend.limits.description).toMatch(/^cpu provider, microsoft operators; not nonsense: ./)
  })

  test('says what each provider answered when none works', async () => {
    const attempt = onnx({ ort, executionProviders: ['nonsense'], operators: 'standard' })
    await expect(attempt).rejects.toThrow(ProviderError)
    await expect(attempt).rejects.toThrow(/no execution provider works: nonsense with standard operators: ./)
  })

  test.each([
    [{}, 'ort: expected the module onnxruntime-node'],
    [{ ort: { InferenceSession: {} } }, 'ort: expected'],
    [{ ort, provider: 'cpu' }, 'onnx option provider'],
    [{ ort, executionProviders: [] }, 'executionProviders'],
    [{ ort, executionProviders: 'cpu' }, 'executionProviders'],
    [{ ort, threads: 0 }, 'threads'],
    [{ ort, operators: 'all' }, 'operators'],
    [{ ort, accuracyLevel: 2 }, 'accuracyLevel'],
  ])('refuses %o', async (options, message) => {
    await expect(onnx(options as OnnxOptions)).rejects.toThrow(ArgumentError)
    await expect(onnx(options as OnnxOptions)).rejects.toThrow(message)
  })

  test('keeps a state in two buffers that change places', async () => {
    using backend = await onnx({ ort, threads: 1 })
    using program = await backend.compile(counter, { weights: {} })
    const state = program.createState() as OnnxState
    const tensor = state.held.get('memory')!
    const [front, back] = [tensor.before, tensor.after]
    for (const [run, next] of [back, front, back, front].entries()) {
      await program.run(ones, state)
      expect(tensor.before).toBe(next)
      expect((next as ort.Tensor).data).toEqual(new Float32Array(3).fill(run + 1))
    }
  })

  test('stops a repetition between two runs and puts the state back', async () => {
    using backend = await onnx({ ort, threads: 1 })
    using program = await backend.compile(counter, { weights: {} })
    using state = program.createState()
    await program.run(ones, state)
    const abort = new AbortController()
    const long = program.run(ones, state, { signal: abort.signal, repeat: { times: 1_000_000 } })
    setTimeout(() => abort.abort(new Error('enough')), 20)
    await expect(long).rejects.toThrow('enough')
    expect(await state.read()).toEqual({ memory: Float32Array.of(1, 1, 1) })
    expect(program.stats().runs).toBeGreaterThan(1)
    expect(program.stats().runs).toBeLessThan(1_000_000)
  })

  test('what is asked of a state waits for the runs before it', async () => {
    using backend = await onnx({ ort, threads: 1 })
    using program = await backend.compile(counter, { weights: {} })
    using state = program.createState()
    const first = program.run(ones, state)
    using fork = state.fork()
    state.reset()
    const second = program.run(ones, state)
    expect([await first, await second].map(({ y }) => y[0])).toEqual([1, 1])
    expect(await fork.read()).toEqual({ memory: Float32Array.of(1, 1, 1) })
  })
})

// ids, so that no tokenizer is needed
const root = join(import.meta.dirname, '../../..')
const models = [
  { folder: 'fixtures/fla-base', prompt: [5, 1, 9, 30, 2, 2, 7], maxTokens: 24 },
  { folder: 'fixtures/torchscale-options', prompt: [5, 1, 9, 30, 2, 2, 7], maxTokens: 24 },
  { folder: 'models/novels-7m', prompt: [310, 42, 1207, 96], maxTokens: 16 },
].filter(({ folder }) => existsSync(join(root, folder)))

describe.each(models)('$folder', ({ folder, prompt, maxTokens }) => {
  const sampling = { seed: 11, temperature: 0.8, topP: 0.95, maxTokens }
  const opened: (Backend | LoadedModel)[] = []
  const load = async (backend: Backend) => {
    const loaded = await loadModel(join(root, folder), { backend })
    opened.push(loaded, backend)
    return loaded.model
  }
  let there: LoadedModel['model']
  let here: LoadedModel['model'][]
  beforeAll(async () => {
    there = await load(await cpu({ threads: 1 }))
    here = [
      await load(await onnx({ ort, threads: 1 })),
      await load(await onnx({ ort, threads: 1, operators: 'standard' })),
    ]
  })
  afterAll(() => opened.forEach((owner) => owner.dispose()))

  test('the text is that of the cpu, and goes on there and back from snapshots', async () => {
    const { ids } = await generate(there, prompt, sampling).result
    const half = { ...sampling, maxTokens: maxTokens / 2 }
    for (const mine of here) {
      expect((await generate(mine, prompt, sampling).result).ids).toEqual(ids)
      for (const [from, to] of [
        [mine, there],
        [there, mine],
      ]) {
        using first = await createSession(from)
        await first.append(prompt)
        const begin = await first.generate(half).result
        using second = await restoreSession(to, await first.snapshot())
        const rest = await second.generate(half).result
        expect([...begin.ids, ...rest.ids]).toEqual(ids)
      }
    }
  })
})

test('programs of one structure and any length share a session, whose weights are there once', async () => {
  const created: string[] = []
  const counting = {
    ...ort,
    InferenceSession: {
      create: (model: Uint8Array, options?: object) => {
        created.push(Buffer.from(model).includes('time') ? 'open' : 'fixed')
        return ort.InferenceSession.create(model, options)
      },
    },
  }
  using backend = await onnx({ ort: counting, threads: 1 })
  created.length = 0
  using loaded = await loadModel(join(root, 'fixtures/fla-base'), { backend })
  using other = await loadModel(join(root, 'fixtures/fla-base'), { backend })
  const { model } = loaded
  const tokens = Array.from({ length: 300 }, (_, at) => (at * 7) % 90)
  const logits: Float32Array[] = []
  for (const parts of [[300], [1, 299], [16, 128, 1, 155]]) {
    using state = await model.createState()
    let at = 0
    for (const length of parts) await model.consume(state, tokens.slice(at, (at += length)))
    logits.push(await model.next(state, 5))
  }
  // one for the next token, one for text of the first length, one for any
  expect(created).toEqual(['fixed', 'fixed', 'open'])
  for (const each of logits) each.forEach((logit, id) => expect(logit).toBeCloseTo(logits[0][id], 4))
  // other weights are another session
  using state = await other.model.createState()
  await other.model.next(state, 1)
  expect(created).toHaveLength(4)
})
