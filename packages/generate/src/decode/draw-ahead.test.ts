// Tokens that the model draws itself, several at once: the same text and the same session as one by one.
import { describe, expect, test } from 'vitest'
import { pieces } from '../../test/codecs.js'
import { drawing, fakeModel, perToken, reciter, scrambler } from '../../test/fake-model.js'
import { tinyModel, tinySpec } from '../../test/tiny-model.js'
import { LogitsError, SessionDisposedError } from '../errors.js'
import { generate } from '../generate.js'
import type { LanguageModel } from '../language-model.js'
import type { GenerateOptions } from '../options/generate-options.js'
import { createSession } from '../session/session.js'

const prompt = [3, 1, 4, 1, 5]
const options: GenerateOptions = {
  seed: 11,
  temperature: 0.8,
  topP: 0.95,
  repetitionPenalty: 1.2,
  frequencyPenalty: 0.3,
}
const letters = pieces(...Array.from({ length: 19 }, (_, id) => String.fromCodePoint(97 + id)))

const rules: Record<string, GenerateOptions> = {
  greedy: { temperature: 0 },
  'temperature and top-p': { temperature: 0.8, topP: 0.95 },
  'top-k': { topK: 4 },
  'min-p': { minP: 0.2, temperature: 1.5 },
  'repetition penalty': { repetitionPenalty: 1.5 },
  'frequency and presence penalty': { frequencyPenalty: 0.7, presencePenalty: 0.4 },
  'logit bias': { logitBias: { 3: 4, 7: -100 } },
  everything: { ...options, presencePenalty: -0.2, minP: 0.01, topK: 15, logitBias: { 2: 1 } },
}

test.each(Object.keys(rules))('%s: ids and snapshot of the reference backend as one by one', async (name) => {
  using model = await tinyModel()
  expect(model.drawsTokens).toBe(true)
  const run = async (through: LanguageModel) => {
    using session = await createSession(through)
    await session.append(prompt)
    const { ids } = await session.generate({ seed: 2 ** 40 + 9, ...rules[name], maxTokens: 23 }).result
    return { ids, ...(await model.loadState(await session.snapshot())) }
  }
  const [many, single] = [await run(model), await run(perToken(model))]
  expect(many.ids).toEqual(single.ids)
  expect(many.extra).toEqual(single.extra)
  await expectSameNumbers(many.state, single.state)
})

test('the model draws in few calls, and no more tokens than are wanted', async () => {
  const model = drawing(scrambler(40))
  const counts: number[] = []
  const draw = model.decodeMany!.bind(model)
  model.decodeMany = (state, token, settings, count, signal) => {
    counts.push(count)
    return draw(state, token, settings, count, signal)
  }
  const { ids } = await generate(model, [1, 2], { ...options, maxTokens: 70 }).result
  expect(ids).toEqual((await generate(scrambler(40), [1, 2], { ...options, maxTokens: 70 }).result).ids)
  // the first one is drawn here; a pause of the machine makes calls shorter
  expect(counts.length).toBeLessThan(69)
  expect(Math.min(...counts)).toBeGreaterThan(1)
  expect(Math.max(...counts)).toBeLessThanOrEqual(32)
  expect(model.live()).toBe(0)
})

describe('a session that ends inside what was drawn', () => {
  /** After `end`, everything that can be seen of a session, and how it goes on. */
  async function view(
    model: LanguageModel,
    end: (ids: number[]) => GenerateOptions & { readonly breakAfter?: number },
  ) {
    using session = await createSession(model, { codec: letters })
    await session.append(prompt)
    const ids: number[] = []
    const { breakAfter, ...more } = end(ids)
    const stream = session.generate({ ...options, maxTokens: 40, ...more })
    const error = await read(stream, ids, breakAfter)
    const bytes = await session.snapshot()
    const places = [session.position, session.length]
    const rest = await session.generate({ ...options, maxTokens: 9 }).result
    return { ids: [...ids], places, error, bytes, rest: rest.ids }
  }

  async function read(stream: AsyncIterable<{ id: number }>, ids: number[], breakAfter: number | undefined) {
    try {
      for await (const { id } of stream) if (ids.push(id) === breakAfter) break
      return null
    } catch (error) {
      return String(error)
    }
  }

  const aborting = (after: number) => (ids: number[]) => {
    const controller = new AbortController()
    ids.push = (...more) => {
      const length = Array.prototype.push.apply(ids, more)
      if (length === after) controller.abort(new Error('enough'))
      return length
    }
    return { signal: controller.signal }
  }
  // which token comes at a place, and so where a stop is, follows from the seed
  const ends: Record<string, Parameters<typeof view>[1]> = {
    'after a break at token 5': () => ({ breakAfter: 5 }),
    'after a break at token 2': () => ({ breakAfter: 2 }),
    'by an abort at token 6': aborting(6),
    'by a stop id': () => ({ stopIds: [7, 12] }),
    'by a stop string': () => ({ stop: ['h', 'm'] }),
    'at maxTokens': () => ({ maxTokens: 21 }),
  }
  test.each(Object.keys(ends))('%s is as one by one', async (name) => {
    using model = await tinyModel()
    const many = await view(model, ends[name])
    const single = await view(perToken(model), ends[name])
    expect({ ...many, bytes: 0 }).toEqual({ ...single, bytes: 0 })
    const [a, b] = [await model.loadState(many.bytes), await model.loadState(single.bytes)]
    expect(a.extra).toEqual(b.extra)
    await expectSameNumbers(a.state, b.state)
    if (name.includes('stop')) expect(many.ids.length).toBeLessThan(40)
  })
})

test('a fork, a mark and a snapshot between two drawn tokens hold what was given', async () => {
  using model = await tinyModel()
  const run = async (through: LanguageModel) => {
    using session = await createSession(through)
    await session.append(prompt)
    const forks: { ids: number[]; length: number }[] = []
    const ids: number[] = []
    for await (const { id } of session.generate({ ...options, maxTokens: 16 })) {
      ids.push(id)
      if (ids.length % 3 !== 0) continue
      using fork = session.fork()
      session.mark('here')
      forks.push({ ids: [...(await fork.generate({ ...options, maxTokens: 4 }).result).ids], length: fork.length })
      if (ids.length === 9) await session.snapshot()
    }
    session.rewind('here')
    const rest = await session.generate({ ...options, maxTokens: 5 }).result
    return { ids, forks, rest: rest.ids }
  }
  expect(await run(model)).toEqual(await run(perToken(model)))
})

test('logits that break inside what was drawn are reported where they break', async () => {
  const broken = () =>
    fakeModel(19, (tokens) =>
      Array.from({ length: 19 }, (_, id) => (tokens.length > 14 ? NaN : Math.sin(id * tokens.length))),
    )
  const run = async (model: ReturnType<typeof broken>) => {
    using session = await createSession(model)
    await session.append(prompt)
    const ids: number[] = []
    const reading = async () => {
      for await (const { id } of session.generate({ ...options, maxTokens: 40 })) ids.push(id)
    }
    await expect(reading()).rejects.toThrow(LogitsError)
    return ids
  }
  const ids = await run(drawing(broken()))
  expect(ids).toEqual(await run(broken()))
  expect(ids.length).toBeGreaterThan(5)
})

test.each(['abort', 'failure', 'dispose'])('%s while the model draws loses no token and no memory', async (how) => {
  const model = drawing(scrambler(40))
  const session = await createSession(model)
  await session.append(prompt)
  const controller = new AbortController()
  let draws = 0
  model.before = (operation) => {
    if (operation !== 'draw' || ++draws !== 2) return
    if (how === 'abort') controller.abort()
    if (how === 'dispose') session.dispose()
    if (how === 'failure') throw new Error('device lost')
  }
  const ids: number[] = []
  const reading = async () => {
    for await (const { id } of session.generate({ ...options, maxTokens: 40, signal: controller.signal })) ids.push(id)
  }
  await expect(reading()).rejects.toThrow(how === 'dispose' ? SessionDisposedError : /abort|device lost/)
  const expected = (await generate(scrambler(40), prompt, { ...options, maxTokens: 40 }).result).ids
  expect(ids).toEqual(expected.slice(0, ids.length))
  if (how !== 'dispose') {
    const { ids: rest } = await session.generate({ ...options, maxTokens: 40 - ids.length }).result
    expect([...ids, ...rest]).toEqual(expected)
  }
  session.dispose()
  expect(model.live()).toBe(0)
})

test('log-probabilities come from logits, one token at a time', async () => {
  const model = drawing(reciter(19, prompt.length, [1, 2, 3, 4, 5, 6]))
  model.decodeMany = () => Promise.reject(new Error('not to be called'))
  const { ids } = await generate(model, prompt, { temperature: 0, maxTokens: 6, logprobs: 2 }).result
  expect(ids).toEqual([1, 2, 3, 4, 5, 6])
})

async function expectSameNumbers(a: { read(): Promise<object> }, b: typeof a): Promise<void> {
  const [left, right] = [await a.read(), await b.read()] as Record<string, Float32Array>[]
  expect(Object.keys(left)).toEqual(Object.keys(right))
  for (const [name, data] of Object.entries(left)) {
    data.forEach((value, at) => expect(value, `${name}[${at}]`).toBeCloseTo(right[name][at], 5))
  }
  expect(Object.keys(left)).toHaveLength(tinySpec.layers + 1)
}
