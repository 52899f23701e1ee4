// Two tenants on one server: neither sees, finds, counts or pushes out what the other has.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Client, NotFoundError, type RequestError } from '../../client.js'
import { Engine } from '../../engine/engine.js'
import { type RunningServer, serve } from '../../server.js'
import { served, someIds, testModel } from '../../testing.js'

let engine: Engine
let server: RunningServer
let [a, b, limited]: Client[] = []

beforeAll(async () => {
  engine = await Engine.create(await testModel(), { rows: 2, chunkTokens: 16 })
  const keys = ['a', 'b', 'c'].map((tenant) => {
    const limits = tenant === 'c' ? { limits: { tokensPerMinute: 100 } } : {}
    return { name: tenant, tenant, key: `the-key-of-tenant-${tenant}`, ...limits }
  })
  server = await serve({ engine, model: served, port: 0, access: { keys }, limits: { sessions: 4 } })
  ;[a, b, limited] = keys.map(({ key }) => new Client({ baseUrl: server.url, apiKey: key }))
})
afterAll(async () => {
  await server.close(0)
  engine.dispose()
})

const prompt = [...someIds(100)]

/** What the error says, without the id that was asked for. */
async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (cause: unknown) => cause,
  )
  expect(error).toBeInstanceOf(NotFoundError)
  return JSON.stringify((error as RequestError).details)
}

describe('what one tenant has', () => {
  test('is for the other what never was', async () => {
    const session = await a.sessions.create({ prompt })
    const snapshot = await session.snapshot({ name: 'mine' })
    const never = `sess_${'0'.repeat(32)}`
    const other = (id: string) => [
      () => b.sessions.get(id),
      () => b.sessions.create({ from: id }),
      () => b.complete({ session: id, prompt: 'x' }),
    ]
    for (const [at, work] of other(session.id).entries()) {
      expect(await refusal(work())).toBe(await refusal(other(never)[at]()))
    }
    const unknown = await refusal(b.snapshots.get(`snap_${'0'.repeat(32)}`))
    for (const id of [snapshot.id, 'mine']) {
      expect(await refusal(b.snapshots.get(id))).toBe(unknown)
      expect(await refusal(b.snapshots.export(id))).toBe(unknown)
      expect(await refusal(b.snapshots.delete(id))).toBe(unknown)
    }
    expect((await b.sessions.list()).data).toEqual([])
    expect((await b.snapshots.list()).data).toEqual([])
    // a name belongs to its tenant
    const own = await b.sessions.create({ prompt: 'x' })
    await own.snapshot({ name: 'mine' })
    expect((await a.snapshots.get('mine')).id).toBe(snapshot.id)
    await own.delete()
    await session.delete()
  })

  test('cannot be read as it is written', async () => {
    const stream = await a.stream({ prompt: 'once', max_tokens: 3 })
    await stream.result()
    const read = (key: string) => {
      return fetch(`${server.url}/v1/streams/${stream.id}`, {
        headers: { authorization: `Bearer the-key-of-tenant-${key}` },
      })
    }
    expect([(await read('b')).status, (await read('a')).status]).toEqual([404, 200])
  })

  test('makes nothing faster for the other, and is found by itself', async () => {
    const cached = async (client: Client) => {
      const { usage } = await client.complete({ prompt: [...someIds(100, 11)], max_tokens: 1 })
      return usage.prompt_tokens_details.cached_tokens
    }
    expect(await cached(a)).toBe(0)
    expect(await cached(b)).toBe(0)
    expect([await cached(a), await cached(b)]).toEqual([96, 96])
  })

  test('is counted by its tokens, whichever way they come in', async () => {
    const session = await limited.sessions.create({ prompt: prompt.slice(0, 60) })
    await expect(session.append(prompt.slice(0, 60))).rejects.toThrow('rate limit of tokens')
    await session.append(prompt.slice(0, 9))
  })

  test('takes nothing of the quota of the other', async () => {
    const all = []
    for (let at = 0; at < 4; at++) all.push(await a.sessions.create())
    await expect(a.sessions.create()).rejects.toThrow('may keep up to 4 sessions')
    await (await b.sessions.create()).delete()
    for (const session of all) await session.delete()
  })
})
