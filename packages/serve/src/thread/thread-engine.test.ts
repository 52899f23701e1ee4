// An engine behind messages gives what the engine gives, and is started again when its thread ends.
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { generate, validateOptions } from '@retnet/generate'
import { afterEach, expect, test } from 'vitest'
import { Engine } from '../engine/engine.js'
import { type TextRequest, textEngine } from '../engine/text-engine.js'
import { EngineClosedError } from '../errors.js'
import { memoryStores } from '../stores/memory/memory-stores.js'
import { codec, someIds, testModel } from '../testing.js'
import { gather } from '../turns/gather.js'
import { Turns } from '../turns/turns.js'
import { TurnWorker } from '../turns/worker.js'
import { hostEngine } from './host-engine.js'
import { type EngineThread, ThreadEngine, type ThreadEngineOptions } from './thread-engine.js'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const one of cleanUp.splice(0).toReversed()) await one()
})

/** Ports in place of a thread, which loads a model each time that it is started. */
function startThread(crashes: (() => void)[] = []): EngineThread {
  const { port1, port2 } = new MessageChannel()
  void host(port2)
  cleanUp.push(() => port1.close())
  crashes.push(() => port1.close())
  return {
    postMessage: (message) => port1.postMessage(message),
    on: (event, listener) => port1.on(event === 'exit' ? 'close' : event, listener),
    terminate: async () => port1.close(),
  }
}

/** What the thread has come to, in the order of its beginning. */
const ends: string[] = []

async function host(port: MessagePort): Promise<void> {
  const at = ends.push('runs') - 1
  port.once('close', () => (ends[at] = ends[at] === 'runs' ? 'was ended' : ends[at]))
  using model = await testModel()
  using engine = await Engine.create(model, { rows: 2, chunkTokens: 16 })
  await Promise.race([hostEngine(textEngine(engine, { codec }), port), new Promise((end) => port.once('close', end))])
  engine.abort()
  await engine.drain()
  ends[at] = ends[at] === 'runs' ? 'ended by itself' : ends[at]
  port.close()
}

async function createEngine(options: ThreadEngineOptions = {}, crashes: (() => void)[] = []): Promise<ThreadEngine> {
  const engine = await ThreadEngine.create(() => startThread(crashes), options)
  cleanUp.push(() => engine[Symbol.asyncDispose]())
  return engine
}

const request = (seed: number, maxTokens: number, prompt = someIds(40)): TextRequest => {
  return { prompt, settings: validateOptions({ seed, maxTokens }, 31) }
}

async function idsOf(texts: Awaited<ReturnType<ThreadEngine['submit']>>): Promise<number[][]> {
  const ids: number[][] = texts.map(() => [])
  for await (const group of gather(texts)) {
    for (const found of group) {
      if ('error' in found) throw found.error
      if (found.event.kind === 'token') ids[found.of].push(found.event.id)
    }
  }
  return ids
}

test('texts, saved places and errors come over', async () => {
  using model = await testModel()
  const engine = await createEngine()
  expect(engine.facts).toEqual(textEngine(await Engine.create(model), { codec }).facts)
  expect(engine.room).toBe(2)
  const prompt = someIds(40)
  const texts = await engine.submit([1, 2, 3].map((seed) => request(seed, 20, prompt)))
  const expected = await Promise.all([1, 2, 3].map((seed) => generate(model, prompt, { seed, maxTokens: 20 }).result))
  expect(await idsOf(texts)).toEqual(expected.map(({ ids }) => ids))
  const [saved] = await engine.submit([{ ...request(4, 3), save: true }])
  await idsOf([saved])
  await expect(engine.submit([request(1, 1, Int32Array.of(99))])).rejects.toMatchObject({ status: 500 })
  await expect.poll(() => engine.room).toBe(2)
})

test('a slow reader pauses its text, and loses nothing', async () => {
  using model = await testModel()
  const engine = await createEngine({ readAhead: 4 })
  const [slow] = await engine.submit([request(1, 300)])
  await new Promise((resolve) => setTimeout(resolve, 100))
  const first = slow.events.take().flatMap((event) => (event.kind === 'token' ? [event.id] : []))
  // as many as are on their way when the message to pause comes in
  expect(first.length).toBeLessThan(250)
  const [cancelled] = await engine.submit([request(2, 1e6)])
  cancelled.cancel()
  const [rest] = await idsOf([slow])
  expect([...first, ...rest]).toEqual((await generate(model, someIds(40), { seed: 1, maxTokens: 300 }).result).ids)
  await expect.poll(() => engine.room).toBe(2)
})

test('a text that is cancelled while it pauses gives its row back', async () => {
  const engine = await createEngine({ readAhead: 2 })
  const paused = await engine.submit([request(1, 1e6), request(2, 1e6)])
  await expect.poll(() => paused.every(({ events }) => events.isFull)).toBe(true)
  // the message to pause is on its way
  await new Promise((resolve) => setTimeout(resolve, 50))
  for (const text of paused) text.cancel()
  await expect.poll(() => engine.status).toMatchObject({ running: 0, waiting: 0 })
  expect(engine.room).toBe(2)
})

test('ends its thread after the step that is running, and one that does not end by force', async () => {
  const engine = await createEngine()
  const [text] = await engine.submit([request(1, 5000)])
  await text.events.next()
  await engine[Symbol.asyncDispose]()
  await expect(idsOf([text])).rejects.toThrow(EngineClosedError)
  await expect.poll(() => ends.at(-1)).toBe('ended by itself')
  const deaf = await ThreadEngine.create(
    () => {
      const thread = startThread()
      return { ...thread, postMessage: () => {} }
    },
    { closeMs: 1 },
  )
  await deaf[Symbol.asyncDispose]()
  await expect.poll(() => ends.at(-1)).toBe('was ended')
  await expect(engine.submit([request(1, 5)])).rejects.toThrow(EngineClosedError)
})

test('when the thread ends, its texts go on in the next one', async () => {
  using model = await testModel()
  const crashes: (() => void)[] = []
  const engine = await createEngine({ restartMs: 10 }, crashes)
  const [text] = await engine.submit([request(1, 1e6)])
  const stores = memoryStores()
  const worker = new TurnWorker({ engine, stores, readAhead: 8 })
  cleanUp.push(() => worker.stop())
  const options = { seed: 3, maxTokens: 60 }
  const running = await new Turns(stores, 9).begin({
    id: 'turn',
    tenant: 'default',
    weights: 'tiny',
    prompts: [[...someIds(40)]],
    texts: [{ prompt: 0, options, scorePrompt: false }],
    session: null,
    view: null,
    keepMs: 1000,
  })
  const ids: number[] = []
  for await (const group of running.entries()) {
    for (const entry of group) {
      if (entry.kind !== 'token' || ids.push(entry.id) !== 12) continue
      crashes[0]()
      await expect.poll(() => engine.isUp, { interval: 1 }).toBe(false)
    }
  }
  expect(engine.isUp).toBe(true)
  await expect(idsOf([text])).rejects.toThrow(EngineClosedError)
  expect(ids).toEqual((await generate(model, someIds(40), options).result).ids)
  expect(crashes).toHaveLength(2)
})
