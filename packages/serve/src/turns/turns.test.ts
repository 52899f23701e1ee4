// A turn comes out the same whoever writes it, and however often it changes hands.
import { type GenerateOptions, createSession, restoreSession } from '@retnet/generate'
import { afterEach, describe, expect, test } from 'vitest'
import { Engine } from '../engine/engine.js'
import type { SavedEvent } from '../engine/job.js'
import { textEngine } from '../engine/text-engine.js'
import { memoryStores } from '../stores/memory/memory-stores.js'
import { codec, someIds, testModel } from '../testing.js'
import type { TurnCheckpoints, TurnSessions } from './run-turn.js'
import type { LogEntry, Turn } from './turn.js'
import { Turns } from './turns.js'
import { TurnWorker } from './worker.js'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const one of cleanUp.splice(0).toReversed()) await one()
})

type Stores = ReturnType<typeof memoryStores>
interface More {
  readonly sessions?: TurnSessions
  readonly checkpoints?: TurnCheckpoints
  readonly chunkTokens?: number
  readonly abandonedMs?: number
}

async function startWorker(stores: Stores, { chunkTokens = 16, ...more }: More = {}): Promise<TurnWorker> {
  const model = await testModel()
  const engine = await Engine.create(model, { rows: 3, chunkTokens, readAhead: 2 })
  const worker = new TurnWorker({ engine: textEngine(engine, { codec }), stores, readAhead: 4, ...more })
  cleanUp.push(() => worker.stop().then(() => (engine.dispose(), model.dispose())))
  return worker
}

const three: GenerateOptions[] = [
  { seed: 5, maxTokens: 24, frequencyPenalty: 0.7, logprobs: 1 },
  { seed: 6, maxTokens: 24, repetitionPenalty: 1.2, stop: ['ab', 'xy'] },
  { seed: 7, maxTokens: 9, temperature: 0.8, topK: 9 },
]

let count = 0
const turnOf = (texts: readonly GenerateOptions[], more: Partial<Turn> = {}): Turn => ({
  id: `turn-${count++}`,
  tenant: 'default',
  weights: 'tiny',
  prompts: [[...someIds(40)]],
  texts: texts.map((options, at) => ({ prompt: 0, options, scorePrompt: at === 0 })),
  session: null,
  view: null,
  keepMs: 60_000,
  ...more,
})

async function read(turns: Turns, turn: Turn, each: (count: number) => unknown = () => {}): Promise<LogEntry[]> {
  const entries: LogEntry[] = []
  for await (const group of (await turns.begin(turn)).entries()) {
    entries.push(...group)
    await each(entries.length)
  }
  return entries
}

/** By text, since texts are written side by side; log-probabilities to the digits that two ways of reading a prompt agree in. */
const byText = (entries: readonly LogEntry[], turn: Turn) => {
  const rounded = entries.map((entry) =>
    // what was there already depends on how the prompt was cut
    JSON.stringify({ ...entry, cached: 0 }, (_, value) =>
      typeof value === 'number' ? Number(value.toFixed(3)) : value,
    ),
  )
  return [...turn.texts.keys(), undefined].map((of) =>
    rounded.filter((_, at) => (entries[at] as { of?: number }).of === of),
  )
}

async function alone(turn: Turn): Promise<string[][]> {
  const stores = memoryStores()
  await startWorker(stores)
  return byText(await read(new Turns(stores, 9), turn), turn)
}

function memoryCheckpoints(every: number): TurnCheckpoints & { readonly loads: number[] } {
  const all: { of: number; saved: SavedEvent }[] = []
  const loads: number[] = []
  return {
    every,
    loads,
    save: async (_, of, saved) => void all.push({ of, saved }),
    load: async (_, of, drawn) => {
      const found = all.findLast((one) => one.of === of && one.saved.drawn <= drawn)
      if (found) loads.push(found.saved.drawn)
      return found?.saved ?? null
    },
    forget: async () => {},
  }
}

describe('a turn that changes hands', () => {
  test.each([
    ['at every few entries', undefined],
    ['with checkpoints', 3],
  ])('goes on %s as if it had not', async (_, every) => {
    const turn = turnOf(three)
    const expected = await alone(turn)
    const stores = memoryStores()
    const checkpoints = every === undefined ? undefined : memoryCheckpoints(every)
    const more = checkpoints ? { checkpoints } : {}
    let worker = await startWorker(stores, more)
    let next = 3
    let handedOver = 0
    const entries = await read(new Turns(stores, 9), turn, async (length) => {
      if (length < next) return
      next = length + 11
      handedOver += worker.running
      await worker.stop()
      worker = await startWorker(stores, { ...more, chunkTokens: 7 })
    })
    expect(byText(entries, turn)).toEqual(expected)
    expect(handedOver).toBeGreaterThan(1)
    if (checkpoints) expect(checkpoints.loads.length).toBeGreaterThan(0)
  })

  test('is taken from a worker that has lost its lease, which writes nothing more', async () => {
    const turn = turnOf(three)
    const expected = await alone(turn)
    let now = 0
    const stores = memoryStores({ now: () => now })
    await startWorker(stores)
    let taken = false
    const entries = await read(new Turns(stores, 9), turn, async (length) => {
      if (length < 50 || taken) return
      taken = true
      now += 60_000
      await startWorker(stores)
    })
    expect(byText(entries, turn)).toEqual(expected)
  })
})

describe('a turn of a session', () => {
  function memorySessions(): TurnSessions & { places: { turn: string; saved: SavedEvent }[] } {
    const places: { turn: string; saved: SavedEvent }[] = []
    return {
      places,
      open: async ({ id, session }) => {
        const last = places.at(-1)
        const committed = last?.turn === id ? { rev: places.length, length: last.saved.length } : null
        return { start: places[session!.rev - 1]?.saved.bytes ?? null, committed }
      },
      commit: async (turn, saved) => {
        places.push({ turn: turn.id, saved })
        return { rev: places.length, length: saved.length }
      },
    }
  }

  test('goes on where the last one ended, as a session of @retnet/generate does, which reads its bytes', async () => {
    const stores = memoryStores()
    const sessions = memorySessions()
    await startWorker(stores, { sessions })
    using model = await testModel()
    using session = await createSession(model, { codec })
    for (const [rev, options] of [{ maxTokens: 0 }, three[0], { ...three[2], stopIds: [3, 9] }].entries()) {
      const prompts = [rev === 2 ? [] : [...someIds(30, rev)]]
      const texts = [{ prompt: 0, options: { ...options, seed: rev }, scorePrompt: false }]
      const entries = await read(new Turns(stores, 9), turnOf([], { prompts, texts, session: { id: 's', rev } }))
      await session.append(prompts[0])
      const { ids } = await session.generate({ ...options, seed: rev }).result
      expect(entries.flatMap((entry) => (entry.kind === 'token' ? [entry.id] : []))).toEqual(ids)
      expect(entries.at(-1)).toMatchObject({ kind: 'end', rev: rev + 1, length: session.length })
    }
    using restored = await restoreSession(model, sessions.places.at(-1)!.saved.bytes, { codec })
    const next = { seed: 1, maxTokens: 12, presencePenalty: 1 }
    expect((await restored.generate(next).result).ids).toEqual((await session.generate(next).result).ids)
  })

  test('whose worker ended between its commit and its last word is not written twice', async () => {
    const stores = memoryStores()
    const sessions = memorySessions()
    const first = await startWorker(stores, {
      sessions: {
        ...sessions,
        commit: async (turn, saved) => {
          await sessions.commit(turn, saved)
          void first.stop()
          throw new Error('gone')
        },
      },
    })
    const turn = turnOf([], {
      texts: [{ prompt: 0, options: three[2], scorePrompt: false }],
      session: { id: 's', rev: 0 },
    })
    const reading = read(new Turns(stores, 9), turn)
    await expect.poll(() => sessions.places.length).toBe(1)
    await first.stop()
    await startWorker(stores, { sessions })
    expect((await reading).at(-1)).toMatchObject({ kind: 'end', rev: 1, error: null })
    expect((await reading).filter(({ kind }) => kind === 'token')).toHaveLength(9)
    expect(sessions.places).toHaveLength(1)
  })
})

test('a cancelled turn ends, waiting or running', async () => {
  const stores = memoryStores()
  const turns = new Turns(stores, 9)
  const endless = { seed: 1, maxTokens: 1e6 }
  const running = await turns.begin(turnOf([endless]))
  await running.cancel()
  await startWorker(stores)
  const other = await turns.begin(turnOf([endless]))
  const entries: LogEntry[] = []
  for await (const group of other.entries()) {
    if (entries.length === 0) await other.cancel()
    entries.push(...group)
  }
  expect(entries.at(-1)).toMatchObject({ kind: 'end', cancelled: true })
  await expect.poll(() => stores.queue.status()).toMatchObject({ waiting: 0, claimed: 0 })
})

test('a text whose reader does not come back is given up, and one that is read slowly is not', async () => {
  const stores = memoryStores()
  await startWorker(stores, { abandonedMs: 150 })
  const turn = turnOf([{ seed: 1, maxTokens: 1e6 }])
  const left = await new Turns(stores, 9).begin(turn)
  await expect.poll(async () => (await stores.log.read(left.scope, left.id)).closed).toBe(true)
  expect((await stores.log.read(left.scope, left.id)).entries.at(-1)).toMatchObject({ cancelled: true })
  const slow = await read(new Turns(stores, 9), turnOf([{ seed: 1, maxTokens: 30 }]), () => {
    return new Promise((resolve) => setTimeout(resolve, 20))
  })
  expect(slow.at(-1)).toMatchObject({ cancelled: false })
})
