// Tokens that are drawn on the device: the same text as by the sampler of @retnet/generate over the logits of other backends.
import { join } from 'node:path'
import { tinyModel } from '@retnet/conformance'
import { type Backend, type Model, reference } from '@retnet/core'
import { cpu } from '@retnet/cpu'
import { loadModel } from '@retnet/formats'
import { type GenerateOptions, type LanguageModel, createSession, generate } from '@retnet/generate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { webgpu } from './index.js'
import { findSoftwareAdapter } from './testing/software-adapter.js'

const prompt = [3, 1, 4, 1, 5]
const novels = join(import.meta.dirname, '../../../models/novels-7m')

const missing = await findSoftwareAdapter()
const because = missing === null ? '' : ` (${missing})`

let gpu: Backend
beforeAll(async () => {
  if (missing === null) gpu = await webgpu({ poison: true })
})
afterAll(() => gpu?.dispose())

describe.skipIf(missing !== null)(`a tiny model${because}`, () => {
  const rules: Record<string, GenerateOptions> = {
    greedy: { temperature: 0 },
    'temperature and top-p': { temperature: 0.8, topP: 0.95 },
    'top-k': { topK: 4 },
    'min-p': { minP: 0.2, temperature: 1.5 },
    'repetition penalty': { repetitionPenalty: 1.5 },
    'frequency and presence penalty': { frequencyPenalty: 0.7, presencePenalty: 0.4 },
    'logit bias': { logitBias: { 3: 4, 7: -100 } },
    everything: {
      temperature: 0.9,
      topP: 0.95,
      topK: 15,
      minP: 0.01,
      repetitionPenalty: 1.2,
      frequencyPenalty: 0.3,
      presencePenalty: -0.2,
      logitBias: { 2: 1 },
    },
  }
  test.each(Object.keys(rules))(
    '%s: the ids of the reference, of whose logits they are drawn one by one',
    async (name) => {
      using model = await tinyModel(gpu)
      using expected = await tinyModel(reference())
      const options = { seed: 2 ** 40 + 9, ...rules[name], maxTokens: 40 }
      expect(model.drawsTokens).toBe(true)
      const { ids } = await generate(model, prompt, options).result
      expect(ids).toEqual((await generate(perToken(expected), prompt, options).result).ids)
    },
  )

  test('rows of a batch draw by their own rules and stop by themselves; one that meets a NaN weight ends with its error, one at rest stays', async () => {
    const bad = 9
    using model = await tinyModel(gpu, (name, data) => {
      if (name === 'embedding.weight') data[(bad * data.length) / 31] = Number.NaN
    })
    using expected = await tinyModel(reference())
    const free = (await drawRows(expected, bad)).drawn.get(4)!.ids
    const stop = free[2]
    const [actual, wanted] = [await drawRows(model, bad, stop), await drawRows(expected, bad, stop)]
    expect(actual.positions).toEqual(wanted.positions)
    expect(actual.positions.slice(2)).toEqual([prompt.length + 4, 7, 1 + free.indexOf(stop)])
    for (const row of [0, 2, 4]) expect(actual.drawn.get(row)).toEqual(wanted.drawn.get(row))
    expect(actual.drawn.get(3)).toMatchObject({ ids: [], error: { name: 'RowError', row: 3, problem: 'not-finite' } })
  })

  test('a stop inside what was drawn leaves the session as one by one, and it goes on elsewhere', async () => {
    using model = await tinyModel(gpu)
    using expected = await tinyModel(reference())
    const options = { seed: 3, temperature: 0.8, topP: 0.95, maxTokens: 30 }
    const all = (await generate(perToken(expected), prompt, options).result).ids
    // a token that comes first inside the batch of tokens 8 to 15
    const stop = all.slice(9, 14).find((id) => !all.slice(0, 9).includes(id)) ?? all[10]
    const run = async (through: LanguageModel) => {
      using session = await createSession(through)
      await session.append(prompt)
      const { ids } = await session.generate({ ...options, stopIds: [stop] }).result
      const { state, extra } = await expected.loadState(await session.snapshot())
      return { ids, extra, numbers: await state.read(), places: [session.position, session.length] }
    }
    const [many, single] = [await run(model), await run(perToken(expected))]
    expect(many.ids).toEqual(single.ids)
    expect(many.places).toEqual(single.places)
    expect(many.extra).toEqual(single.extra)
    for (const [name, data] of Object.entries(many.numbers)) {
      data.forEach((value, at) => expect(value, `${name}[${at}]`).toBeCloseTo(single.numbers[name][at], 3))
    }
  })
})

test.skipIf(missing !== null)(
  `novels-7m: seed, temperature and top-p give the text that the cpu gives${because}`,
  async () => {
    const options = { seed: 42, temperature: 0.8, topP: 0.95, maxTokens: 24 }
    const embedded = await cpu({ threads: 1 })
    try {
      using loadedOnCpu = await loadModel(novels, { backend: embedded })
      using loadedOnGpu = await loadModel(novels, { backend: gpu })
      const [onCpu, onGpu] = [loadedOnCpu.model, loadedOnGpu.model]
      const expected = (await generate(onCpu, prompt, options).result).ids
      expect(expected).toHaveLength(24)
      expect((await generate(onGpu, prompt, options).result).ids).toEqual(expected)
      // in one call, whatever the speed of this machine
      using state = await onGpu.createState()
      await onGpu.consume(state, prompt.slice(0, -1))
      const neutral = { topK: 0, minP: 0, repetitionPenalty: 1, frequencyPenalty: 0, presencePenalty: 0 }
      const history = { seen: [], output: new Map() }
      const settings = { ...neutral, ...options, logitBias: new Map(), history }
      expect([...(await onGpu.decodeMany(state, prompt[4], settings, 24))]).toEqual(expected)
    } finally {
      embedded.dispose()
    }
  },
)

/** Five rows, the second of them at rest, that draw seven tokens, or until they are over. */
async function drawRows(model: Model, bad: number, stop?: number) {
  const neutral = { topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, frequencyPenalty: 0, presencePenalty: 0 }
  const history = { seen: [4], output: new Map([[4, 1]]) }
  const plain = { ...neutral, temperature: 0, seed: 1, logitBias: new Map([[bad, -100]]), history }
  const settings = [
    plain,
    { ...plain, temperature: 1, seed: 2 },
    { ...plain, temperature: 1.2, topK: 9, topP: 0.9, minP: 0.05, seed: 2 ** 32 + 3 },
    plain,
    { ...plain, presencePenalty: 3, repetitionPenalty: 1.3 },
  ]
  using batch = await model.createBatch(5)
  await batch.consume([1, 2].map((row) => ({ row, tokens: prompt })))
  const before = await batch.snapshot(1)
  const ends = [{}, {}, { limit: 4 }, {}, { stopIds: stop === undefined ? [] : [8, stop] }]
  const steps = [0, 2, 3, 4].map((row) => ({
    row,
    token: row === 3 ? bad : 4,
    settings: settings[row],
    ...ends[row],
  }))
  const results = await batch.decode(steps, { count: 7 })
  expect(await batch.snapshot(1)).toEqual(before)
  const drawn = new Map(results.map(({ row, ids, error }) => [row, { ids: [...ids], error }]))
  const positions: number[] = []
  for (let row = 0; row < 5; row++) positions.push((await batch.snapshot(row)).position)
  return { drawn, positions }
}

/** The same model, whose draws nobody asks for. */
function perToken(model: Model): LanguageModel {
  return {
    spec: model.spec,
    stateBytes: model.stateBytes,
    createState: () => model.createState(),
    consume: (...args) => model.consume(...args),
    next: (...args) => model.next(...args),
    checkTokens: (tokens) => model.checkTokens(tokens),
    saveState: (...args) => model.saveState(...args),
    loadState: (bytes) => model.loadState(bytes),
  }
}
