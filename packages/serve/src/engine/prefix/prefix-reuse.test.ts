// Prompts that begin alike: what they save, and that nothing else of them changes.
import type { Model } from '@retnet/core'
import { validateOptions } from '@retnet/generate'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { codec, someIds, testModel } from '../../testing.js'
import { Engine } from '../engine.js'
import type { Job, JobRequest } from '../job.js'

let model: Model
const engines: Engine[] = []
beforeAll(async () => {
  model = await testModel()
})
afterAll(() => {
  for (const engine of engines) engine.dispose()
  model.dispose()
})

const chunkTokens = 16
async function open(options: { prefixBytes?: number; rows?: number; stepTokens?: number } = {}): Promise<Engine> {
  const engine = await Engine.create(model, { rows: 3, chunkTokens, ...options })
  engines.push(engine)
  return engine
}

const order = (prompt: Int32Array, salt?: string): JobRequest => {
  const settings = validateOptions({ maxTokens: 6, seed: 3, logprobs: 2 }, model.spec.vocabSize)
  return { prompt, settings, codec, ...(salt && { salt }) }
}

async function read(job: Job) {
  const events = []
  for await (const event of job.events) events.push(event)
  const [first, ...tokens] = events
  return { cached: first.kind === 'begin' ? first.cached : -1, tokens }
}

const write = async (engine: Engine, prompt: Int32Array, salt?: string) => read(engine.submit([order(prompt, salt)])[0])
const joined = (...parts: readonly Int32Array[]) => Int32Array.from(parts.flatMap((part) => [...part]))

test('a text is the same to the last bit, whatever its prompt has found', async () => {
  const [engine, plain] = [await open(), await open({ prefixBytes: 0 })]
  const lengths = [1, 15, 16, 17, 31, 32, 33, 63, 100, 129, 257]
  for (const round of [0, 1, 2]) {
    for (const length of lengths) {
      // one text in parts, and each part with an end of its own
      for (const end of [new Int32Array(), someIds(9, length)]) {
        const prompt = joined(someIds(length), end)
        const found = await write(engine, prompt, 'a')
        const expected = await write(plain, prompt, 'a')
        expect(expected.cached).toBe(0)
        expect(found.tokens).toEqual(expected.tokens)
        const longest = Math.floor((prompt.length - 1) / chunkTokens) * chunkTokens
        if (round > 0) expect(found.cached).toBe(longest)
      }
    }
  }
  const { hits, missesShort, bytes } = engine.status.prefix!
  expect(hits).toBeGreaterThan(40)
  expect(missesShort).toBeGreaterThan(5)
  expect(bytes).toBeGreaterThan(model.stateBytes)
  expect(plain.status.prefix).toMatchObject({ hits: 0, bytes: 0 })
})

test('a conversation that is sent again with one more turn goes on from where it was', async () => {
  const engine = await open()
  const first = someIds(50)
  const { tokens } = await write(engine, first, 'a')
  const answer = Int32Array.from(tokens.flatMap((event) => (event.kind === 'token' ? [event.id] : [])))
  const second = joined(first, answer, someIds(40, 5))
  expect((await write(engine, second, 'a')).cached).toBe(48)
  expect((await write(engine, joined(second, someIds(20, 9)), 'a')).cached).toBe(80)
})

test('where two prompts part, the third finds a state', async () => {
  const engine = await open()
  const system = someIds(83)
  const cached = []
  for (const from of [1, 2, 3]) cached.push((await write(engine, joined(system, someIds(60, from)), 'a')).cached)
  expect(cached).toEqual([0, 64, 80])
})

test('no salt shares nothing, and one salt nothing with another', async () => {
  const engine = await open()
  const prompt = someIds(100)
  await write(engine, prompt, 'a')
  expect((await write(engine, prompt)).cached).toBe(0)
  expect((await write(engine, prompt)).cached).toBe(0)
  expect((await write(engine, prompt, 'b')).cached).toBe(0)
  expect((await write(engine, prompt, 'a')).cached).toBe(96)
})

test('a flood of one salt pushes out its own, and not the share of another', async () => {
  const engine = await open({ prefixBytes: 12 * (model.stateBytes + 300) })
  const prompts = [someIds(40, 100), someIds(40, 200)]
  for (const prompt of prompts) await write(engine, prompt, 'b')
  for (let from = 0; from < 40; from++) await write(engine, someIds(50, 7 * from + 1), 'a')
  for (const prompt of prompts) expect((await write(engine, prompt, 'b')).cached).toBe(32)
  const { bytes, evicted } = engine.status.prefix!
  expect(bytes).toBeLessThanOrEqual(12 * (model.stateBytes + 300))
  expect(evicted).toBeGreaterThan(20)
})

describe('prompts that come together', () => {
  test('are read once', async () => {
    const engine = await open()
    const prompt = someIds(200)
    const jobs = [0, 1, 2].map(() => engine.submit([order(prompt.slice(), 'a')])[0])
    const [first, ...others] = await Promise.all(jobs.map(read))
    expect(first.cached).toBe(0)
    for (const other of others) expect(other).toEqual({ cached: 192, tokens: first.tokens })
  })

  test('are read by the next one when the first is cancelled, and by nobody for another salt', async () => {
    const engine = await open({ stepTokens: 1 })
    const prompt = someIds(300)
    const [first, second, third, other] = ['a', 'a', 'a', 'b'].map(
      (salt) => engine.submit([order(prompt.slice(), salt)])[0],
    )
    await first.events.next()
    first.cancel()
    const found = await Promise.all([second, third, other].map(read))
    // what the first one has read before it was cancelled is not lost
    expect(found[0].cached).toBeLessThan(288)
    expect(found[1].cached).toBe(288)
    expect(found[2].cached).toBe(0)
    expect(new Set(found.map(({ tokens }) => JSON.stringify(tokens))).size).toBe(1)
  })
})
