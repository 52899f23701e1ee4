// Rows 64 to 76 of the bad inputs that need a server around them: stores that fail, readers that are slow, rows that are used again.
import { createSession } from '@retnet/generate'
import { describe, expect, test } from 'vitest'
import type { StateStore } from '../stores/contract.js'
import { StoreError } from '../stores/errors.js'
import { memoryStores } from '../stores/memory/memory-stores.js'
import { codec, someIds } from '../testing.js'
import { byteStream } from '../http/byte-stream.js'
import { useVictim } from './testing.js'

type Fault = (key: string, bytes: Uint8Array | null) => Uint8Array | null

/** States whose store does as it is told. */
class FaultyStates implements StateStore {
  readonly #inner = memoryStores().states
  onGet: Fault | null = null
  onPut: ((key: string) => void) | null = null
  afterPut: ((key: string) => void) | null = null

  async put(key: string, bytes: Uint8Array, options?: { readonly ifAbsent?: boolean }): Promise<boolean> {
    this.onPut?.(key)
    const done = await this.#inner.put(key, bytes, options)
    this.afterPut?.(key)
    return done
  }

  async get(key: string): Promise<Uint8Array | null> {
    const bytes = await this.#inner.get(key)
    return this.onGet ? this.onGet(key, bytes) : bytes
  }

  delete(key: string): Promise<void> {
    return this.#inner.delete(key)
  }

  list(prefix: string, options?: { readonly after?: string; readonly limit?: number }): Promise<string[]> {
    return this.#inner.list(prefix, options)
  }

  close(): Promise<void> {
    return this.#inner.close()
  }
}

const states = new FaultyStates()
const stores = { ...memoryStores(), states }
const errors: unknown[] = []
const victim = useVictim({ stores, onError: (error) => void errors.push(error) })
const ids = [...someIds(20)]

// oxlint-disable-next-line typescript/no-explicit-any
type Answer = { status: number; body: any }

async function post(path: string, body: object): Promise<Answer> {
  const response = await victim.post(path, body)
  return { status: response.status, body: await response.json() }
}

const begin = async () => (await post('/v1/sessions', { prompt: ids })).body.id as string
const write = (session: string) => post('/v1/completions', { session, max_tokens: 6, seed: 1 })
const expected = async () => {
  using own = await createSession(victim.engine.model, { codec })
  await own.append(ids)
  return (await own.generate({ maxTokens: 6, seed: 1 }).result).text
}

describe('row 72: a store of states that', () => {
  test.each<[string, Fault]>([
    [
      'is down',
      () => {
        throw new StoreError('unavailable', 'down')
      },
    ],
    ['reads short', (key, bytes) => (key.startsWith('states/') ? bytes!.subarray(9) : bytes)],
    ['reads another object', (key, bytes) => (key.startsWith('states/') ? bytes!.map((byte) => byte ^ 1) : bytes)],
    ['has lost it', (key, bytes) => (key.startsWith('states/') ? null : bytes)],
  ])('%s gives no state at all, and the session is there when it is back', async (_, fault) => {
    const session = await begin()
    states.onGet = fault
    const failed = await write(session)
    states.onGet = null
    expect([failed.status, failed.body.error.code]).toEqual([503, 'state_store_unavailable'])
    const { status, body } = await write(session)
    expect([status, body.choices[0].text]).toEqual([200, await expected()])
    expect(body.session).toEqual({ id: session, rev: 2, length: 26 })
  })

  test('is full once is tried again, and the turn is written once', async () => {
    const session = await begin()
    let failures = 0
    states.onPut = (key) => {
      if (!key.startsWith('states/') || failures++ > 0) return
      throw new StoreError('full', 'no space left')
    }
    const { status, body } = await write(session)
    states.onPut = null
    expect([status, body.choices[0].text, failures]).toEqual([200, await expected(), 2])
    expect(body.session.rev).toBe(2)
  })

  test('says that it failed where it has written is believed by nobody', async () => {
    const session = await begin()
    let failures = 0
    states.afterPut = (key) => {
      if (!key.startsWith('sessions/') || failures++ > 0) return
      throw new StoreError('unavailable', 'the answer was lost')
    }
    const { status, body } = await write(session)
    states.afterPut = null
    expect([status, body.session]).toEqual([200, { id: session, rev: 2, length: 26 }])
    expect((await write(session)).body.session.rev).toBe(3)
  })

  test('stays full fails the turn at its end, and the session is as it was', async () => {
    const session = await begin()
    states.onPut = (key) => {
      if (key.startsWith('states/')) throw new StoreError('full', 'no space left')
    }
    const failed = await write(session)
    states.onPut = null
    expect([failed.status, failed.body.error.code]).toEqual([503, 'state_store_unavailable'])
    expect((await write(session)).body.session.rev).toBe(2)
  })
})

test('row 75: a file goes out in pieces, as its reader asks for them, and to one that asks no more it does not', async () => {
  const bytes = new Uint8Array(1_000_000).map((_, at) => at)
  let ends = 0
  const onEnd = () => void ends++
  const whole = new Uint8Array(await new Response(byteStream(bytes, { readerMs: 1000, onEnd })).arrayBuffer())
  expect(whole).toEqual(bytes)
  const reader = byteStream(bytes, { readerMs: 30, onEnd }).getReader()
  expect((await reader.read()).value!.length).toBeLessThan(100_000)
  await new Promise((resolve) => setTimeout(resolve, 60))
  await expect(reader.read()).rejects.toThrow('took too long')
  expect(ends).toBe(2)
})

test('row 76: a row that is used again knows nothing of the text before', async () => {
  const first = await Promise.all(Array.from({ length: 8 }, () => begin()))
  await Promise.all(first.map(write))
  const fresh = await begin()
  expect((await write(fresh)).body.choices[0].text).toBe(await expected())
})
