import { tinyModel } from '@retnet/conformance'
import { type Backend, type Program, RetNetError, RowError, reference } from '@retnet/core'
import { type GenerateOptions, generate, validateOptions } from '@retnet/generate'
import { describe, expect, test } from 'vitest'
import { EngineClosedError, GrammarDeadEndError, QueueFullError } from '../errors.js'
import { createConstraints } from '../grammar/create-constraints.js'
import { brokenId, brokenModel, codec, jsonCodec, jsonEnd, someIds, testModel } from '../testing.js'
import { Engine } from './engine.js'
import type { DrawnToken, Job, JobEvent, JobRequest } from './job.js'

interface Ask {
  readonly prompt: Int32Array
  readonly options: GenerateOptions
}

const request = ({ prompt, options }: Ask, more: Partial<JobRequest> = {}): JobRequest => {
  return { prompt, settings: validateOptions(options, 31), codec, ...more }
}

async function read(job: Job): Promise<JobEvent[]> {
  const events: JobEvent[] = []
  for await (const event of job.events) if (event.kind !== 'begin') events.push(event)
  return events
}

const tokens = (events: readonly JobEvent[]) => events.filter((event) => event.kind === 'token')
const drawn = (events: readonly JobEvent[]) => tokens(events).map(({ id }) => id)
async function nextToken(job: Job): Promise<DrawnToken> {
  for (;;) {
    const { value } = await job.events.next()
    if (value?.kind === 'token') return value
  }
}
const idsOf = async (job: Job) => drawn(await read(job))

const asks: readonly Ask[] = [
  { prompt: someIds(1), options: { seed: 1, maxTokens: 20 } },
  { prompt: someIds(150, 3), options: { seed: 2, maxTokens: 9, temperature: 0.7, topK: 9 } },
  { prompt: someIds(40, 5), options: { seed: 3, maxTokens: 25, topP: 0.9, repetitionPenalty: 1.3 } },
  { prompt: someIds(17, 8), options: { seed: 4, maxTokens: 30, temperature: 0 } },
  { prompt: someIds(129, 9), options: { seed: 5, maxTokens: 12, frequencyPenalty: 0.5, logitBias: { 4: 3 } } },
  { prompt: someIds(63, 2), options: { seed: 6, maxTokens: 14, minP: 0.05, logprobs: 2 } },
]

describe('the engine', () => {
  test.each([
    { rows: 1, chunkTokens: 128 },
    { rows: 6, chunkTokens: 128 },
    { rows: 6, chunkTokens: 1 },
    { rows: 4, chunkTokens: 16, stepTokens: 1 },
    { rows: 3, chunkTokens: 50, stepTokens: 200 },
    { rows: 8, chunkTokens: 1000 },
  ])('writes with %j what each request gets alone', async (options) => {
    using model = await testModel()
    using engine = await Engine.create(model, options)
    const jobs = engine.submit(asks.map((ask) => request(ask)))
    const all = await Promise.all(jobs.map(idsOf))
    for (const [at, { prompt, options: own }] of asks.entries()) {
      expect(all[at]).toEqual((await generate(model, prompt, own).result).ids)
    }
    await engine.drain()
    expect(engine.status).toMatchObject({ running: 0, waiting: 0 })
  })

  test.each([0, 1000])('writes the same on a backend that draws, with bursts of %i ms', async (burstMs) => {
    using drawing = await tinyModel(reference())
    expect(drawing.drawsTokens).toBe(true)
    using engine = await Engine.create(drawing, { rows: 4, chunkTokens: 64, burstMs })
    const some = [asks[0], asks[2], asks[4], { ...asks[2], options: { ...asks[2].options, stop: 'a' } }]
    const jobs = engine.submit(some.map((ask, at) => request(ask, at === 2 ? { save: true } : { saveEvery: 7 })))
    const all = await Promise.all(jobs.map(idsOf))
    using alone = await testModel()
    for (const [at, { prompt, options: own }] of some.entries()) {
      const { ids } = await generate(alone, prompt, { ...own, codec }).result
      expect(all[at]).toEqual(ids)
    }
  })

  test('saves in the midst of bursts the places that it saves token by token', async () => {
    const penalised = { seed: 3, maxTokens: 40, temperature: 0, frequencyPenalty: 2, repetitionPenalty: 2 }
    const places = async (burstMs: number) => {
      using drawing = await tinyModel(reference())
      using engine = await Engine.create(drawing, { rows: 6, burstMs })
      const jobs = engine.submit([
        request(asks[0], { save: true }),
        request({ prompt: someIds(40, 5), options: { ...penalised, stop: 'ud#' } }, { save: true }),
        request({ prompt: someIds(40, 5), options: { ...penalised, stopIds: [5, 9] } }, { save: true, saveEvery: 4 }),
        request({ ...asks[3], options: { seed: 8, maxTokens: 40, stopIds: [...someIds(12, 1)] } }, { save: true }),
        request(asks[4], { saveEvery: 5 }),
      ])
      const events = await Promise.all(jobs.map(read))
      return {
        steps: engine.work.steps,
        texts: events.map(tokens),
        saved: events.map((all) => all.filter(({ kind }) => kind === 'saved')),
      }
    }
    const [bursts, singly] = [await places(1e6), await places(0)]
    expect(bursts.steps).toBeLessThan(singly.steps / 2)
    expect(bursts.texts).toEqual(singly.texts)
    expect(bursts.saved).toEqual(singly.saved)
    expect(singly.texts.map((all) => all.at(-1)!.finishReason)).toEqual(['length', 'stop', 'stop', 'stop', 'length'])
  })

  test('writes the same whoever comes and goes meanwhile', async () => {
    using model = await testModel()
    using engine = await Engine.create(model, { rows: 3, chunkTokens: 16 })
    const [job] = engine.submit([request(asks[2])])
    const others: Job[] = []
    const ids: number[] = []
    for await (const event of job.events) {
      if (event.kind !== 'token') continue
      ids.push(event.id)
      if (ids.length % 4 === 0) others.push(...engine.submit([request(asks[ids.length % asks.length])]))
      if (ids.length % 8 === 0) others.at(-1)!.cancel()
    }
    expect(ids).toEqual((await generate(model, asks[2].prompt, asks[2].options).result).ids)
    for (const other of others) await read(other)
  })

  test('reads a shared prompt once; choice by choice the texts are those of its seed', async () => {
    using model = await testModel()
    using engine = await Engine.create(model, { rows: 2 })
    const prompt = someIds(129)
    const seeds = [7, 8, 9, 10]
    const jobs = engine.submit(seeds.map((seed) => request({ prompt, options: { seed, maxTokens: 8 } })))
    const all = await Promise.all(jobs.map(idsOf))
    for (const [at, seed] of seeds.entries()) {
      expect(all[at]).toEqual((await generate(model, prompt, { seed, maxTokens: 8 }).result).ids)
    }
    const runs = (await model.program('consume', { rows: 1, length: 128 })).stats().runs
    // once here, and once for each that was generated alone
    expect(runs).toBe(1 + seeds.length)
  })

  test('lets the next one read a shared prompt when the first is cancelled', async () => {
    using model = await testModel()
    using engine = await Engine.create(model, { rows: 1, chunkTokens: 8, stepTokens: 1 })
    const prompt = someIds(60)
    const jobs = engine.submit([1, 2, 3].map((seed) => request({ prompt, options: { seed, maxTokens: 5 } })))
    jobs[0].cancel()
    expect(await idsOf(jobs[0])).toEqual([])
    expect(await idsOf(jobs[2])).toEqual((await generate(model, prompt, { seed: 3, maxTokens: 5 }).result).ids)
    expect(await idsOf(jobs[1])).toHaveLength(5)
  })

  test('ends a text whose numbers are broken, and no other; its row is as new afterwards', async () => {
    using model = await brokenModel()
    using engine = await Engine.create(model, { rows: 2 })
    const poison = { prompt: Int32Array.of(1, brokenId, 3), options: { maxTokens: 5 } }
    const sound = { ...asks[3], options: { ...asks[3].options, logitBias: { [brokenId]: -100 } } }
    const [bad, badToo, good, next] = engine.submit([
      request(poison),
      request({ ...poison, options: { maxTokens: 5, logprobs: 0 } }),
      request(sound),
      request(sound),
    ])
    await expect(read(bad)).rejects.toThrow(RowError)
    await expect(read(badToo)).rejects.toThrow(RowError)
    const { ids } = await generate(model, sound.prompt, sound.options).result
    expect(await idsOf(good)).toEqual(ids)
    expect(await idsOf(next)).toEqual(ids)
  })

  test('ends with its backend, once: texts can go on elsewhere', async () => {
    class Lost extends RetNetError {
      override get isFatal(): boolean {
        return true
      }
    }
    const inner = reference()
    let isLost = false
    const compile: Backend['compile'] = async (graph, options) => {
      const program = await inner.compile(graph, options)
      const run: Program['run'] = (...args) => (isLost ? Promise.reject(new Lost('gone')) : program.run(...args))
      return new Proxy(program, { get: (target, key) => (key === 'run' ? run : Reflect.get(target, key, target)) })
    }
    using model = await tinyModel({ ...inner, compile })
    const told: unknown[] = []
    using engine = await Engine.create(model, { rows: 2, burstMs: 0, onFatal: (error) => told.push(error) })
    const jobs = engine.submit([0, 2, 3].map((at) => request(asks[at])))
    await nextToken(jobs[0])
    isLost = true
    const ends = await Promise.allSettled(jobs.map(read))
    expect(ends.map((end) => end.status === 'rejected' && (end.reason as Error).name)).toEqual(
      Array(3).fill('EngineClosedError'),
    )
    expect(told).toEqual([new Lost('gone')])
    expect(() => engine.submit([request(asks[0])])).toThrow(EngineClosedError)
    await engine.drain()
  })

  test('gives the row of a slow reader to others, who lose nothing, and neither does it', async () => {
    using model = await testModel()
    using engine = await Engine.create(model, { rows: 1, readAhead: 4 })
    const [slow] = engine.submit([request(asks[2])])
    const first = [(await nextToken(slow)).id]
    const [quick] = engine.submit([request(asks[1])])
    expect(await idsOf(quick)).toEqual((await generate(model, asks[1].prompt, asks[1].options).result).ids)
    await expect.poll(() => engine.status).toMatchObject({ rows: 1, running: 0, waiting: 1 })
    const expected = (await generate(model, asks[2].prompt, asks[2].options).result).ids
    expect([...first, ...(await idsOf(slow))]).toEqual(expected)
  })

  test('a cancelled text gives its row back, running, waiting or parked', async () => {
    using model = await testModel()
    using engine = await Engine.create(model, { rows: 1, readAhead: 2 })
    const endless = { prompt: someIds(3), options: { maxTokens: 1e9 } }
    const [parked] = engine.submit([request(endless)])
    await nextToken(parked)
    const [running] = engine.submit([request(endless)])
    await nextToken(running)
    const [waiting] = engine.submit([request(endless)])
    for (const job of [waiting, parked, running]) job.cancel()
    await engine.drain()
    expect(engine.status).toMatchObject({ running: 0, waiting: 0 })
  })

  test('refuses what it has no room for before anything begins, and everything once it ends', async () => {
    using model = await testModel()
    const engine = await Engine.create(model, { rows: 1, queue: 1 })
    const three = [1, 2, 3].map((seed) => request({ prompt: someIds(4), options: { seed, maxTokens: 3 } }))
    expect(() => engine.submit(three)).toThrow(QueueFullError)
    expect(engine.status).toMatchObject({ rows: 1, running: 0, waiting: 0 })
    const [, second] = engine.submit(three.slice(1))
    engine.dispose()
    await expect(read(second)).rejects.toThrow(EngineClosedError)
    expect(() => engine.submit(three.slice(2))).toThrow(EngineClosedError)
  })

  test('scores a prompt as the logits of all its places do', async () => {
    using model = await testModel()
    using engine = await Engine.create(model, { rows: 2 })
    const prompt = someIds(9)
    const options = { maxTokens: 0, logprobs: 1 }
    const [job] = engine.submit([request({ prompt, options }, { scorePrompt: true })])
    const scores = (await read(job)).map((event) => event.kind === 'prompt' && event.logprob)
    using state = await model.createState()
    const expected: (number | null)[] = [null]
    for (let at = 0; at < prompt.length - 1; at++) {
      const logits = await model.next(state, prompt[at])
      const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0)
      expected.push(logits[prompt[at + 1]] - Math.log(total))
    }
    expect(scores).toEqual(expected.map((value) => (value === null ? null : expect.closeTo(value, 4))))
  })

  test.each([{ rows: 0 }, { chunkTokens: 1.5 }, { row: 3 }])('refuses the options %j', async (options) => {
    using model = await testModel()
    await expect(Engine.create(model, options)).rejects.toThrow('expected')
  })
})

describe('a text with a constraint', () => {
  /** Draws the ids of `whole` one after the other, or fails where there is none. */
  function oneByOne(whole: readonly number[], deadEnd = Infinity) {
    const taken: number[] = []
    return {
      taken,
      mask: () => {
        if (taken.length === deadEnd) throw new GrammarDeadEndError()
        return Uint32Array.of(1 << whole[taken.length])
      },
      accept: (id: number) => void taken.push(id),
      get isComplete() {
        return taken.length === whole.length
      },
    }
  }

  test('has no other tokens, ends when it is whole, and keeps the log-probabilities of the model', async () => {
    using model = await testModel()
    using engine = await Engine.create(model, { rows: 2 })
    const ask = { prompt: someIds(9), options: { seed: 1, maxTokens: 20, logprobs: 0 } }
    const constraint = oneByOne([7, 3, 30])
    const [bound, free] = engine.submit([request(ask, { constraint }), request(ask)])
    const events = await read(bound)
    expect(drawn(events)).toEqual([7, 3, 30])
    expect(constraint.taken).toEqual([7, 3, 30])
    expect(events.at(-1)).toMatchObject({ finishReason: 'stop' })
    const forced = { ...ask.options, temperature: 0, maxTokens: 1, logitBias: { 7: 100 } }
    const [same] = engine.submit([request({ ...ask, options: forced })])
    expect(events[0]).toMatchObject({ logprob: tokens(await read(same))[0].logprob })
    expect(await idsOf(free)).toEqual((await generate(model, ask.prompt, ask.options).result).ids)
  })

  test('that cannot go on ends alone', async () => {
    using model = await testModel()
    using engine = await Engine.create(model, { rows: 2 })
    const ask = { prompt: someIds(9), options: { seed: 1, maxTokens: 20 } }
    const [bound, free] = engine.submit([request(ask, { constraint: oneByOne([7, 3, 2], 2) }), request(ask)])
    await expect(read(bound)).rejects.toThrow(GrammarDeadEndError)
    expect(await idsOf(free)).toHaveLength(20)
    await expect.poll(() => engine.status).toMatchObject({ running: 0, waiting: 0 })
  })

  test('by a grammar goes on elsewhere behind what was drawn, as if it had not moved', async () => {
    using model = await testModel()
    using engine = await Engine.create(model, { rows: 2 })
    const createConstraint = createConstraints(jsonCodec, 31)
    const schema = { type: 'array', items: { type: 'integer' }, minItems: 4, maxItems: 6 }
    const ask = { prompt: someIds(9), options: { seed: 1, maxTokens: 200, stopIds: [jsonEnd] } }
    const begin = async (before: readonly number[]) => {
      const constraint = await createConstraint({ schema }, new Set([jsonEnd]))
      const given = { promptTokens: 0, drawn: before }
      const [job] = engine.submit([request(ask, { constraint, codec: jsonCodec, ...(before.length > 0 && { given }) })])
      return idsOf(job)
    }
    const whole = await begin([])
    expect(JSON.parse(jsonCodec.decode(whole.filter((id) => id !== jsonEnd)))).toBeInstanceOf(Array)
    for (const count of [1, 5, whole.length - 1]) expect(await begin(whole.slice(0, count))).toEqual(whole.slice(count))
  })
})
