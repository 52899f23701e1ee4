// Tokens that are drawn on the device: the same text as by the sampler of @retnet/generate over the logits of other backends.
import { join } from 'node:path'
import { type Backend, type Model, type Program, reference } from '@retnet/core'
import { cpu } from '@retnet/cpu'
import { loadModel } from '@retnet/formats'
import { type GenerateOptions, type LanguageModel, createSession, generate } from '@retnet/generate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { webgpu } from './index.js'
import { findSoftwareAdapter } from './testing/software-adapter.js'
import { tinyModel } from './testing/tiny-model.js'

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

  test('rows draw by their own rules, and a row that is masked keeps its state and its token', async () => {
    using model = await tinyModel(gpu)
    using expected = await tinyModel(reference())
    const [drawn, wanted] = [await drawRows(model), await drawRows(expected)]
    expect(drawn).toEqual(wanted)
    expect([drawn.tokens[1], drawn.positions, drawn.masked]).toEqual([7, [7, 0, 7], [0]])
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

/** Three rows, the second of them masked, that draw one token and then six more. */
async function drawRows(model: Model) {
  const program: Program = await model.program('decode', { rows: 3, length: 1 })
  using state = program.createState()
  const inputs = {
    token: Int32Array.of(4, 7, 9),
    mask: Int32Array.of(1, 0, 1),
    rules: Float32Array.from(
      [
        [0, 0, 1, 0],
        [1, 0, 1, 0],
        [1.2, 9, 0.9, 0.05],
      ].flatMap((row) => [...row, 1, 0, 0]),
    ),
    seed: Int32Array.of(1, 0, 2, 0, 3, 1),
  }
  const { token } = await program.run(inputs, state)
  const { drawn } = await program.run({ ...inputs, token }, state, { repeat: { times: 6, carry: { token: 'token' } } })
  const { position, ...states } = await state.read()
  const ofMasked = Object.values(states).flatMap((data) => [...data.subarray(data.length / 3, (data.length / 3) * 2)])
  return {
    tokens: [...token],
    // what a masked row draws means nothing
    drawn: [...drawn].filter((_, at) => at % 3 !== 1),
    positions: [...position],
    masked: [...new Set(ofMasked)],
  }
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
