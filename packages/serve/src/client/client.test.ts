// The client against a real server, over connections that are cut.
import { restoreSession } from '@retnet/generate'
import type { Model } from '@retnet/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Engine } from '../engine/engine.js'
import { type RunningServer, serve } from '../server.js'
import { codec, served, testModel } from '../testing.js'
import { Client, ConflictError, ConnectionError, NotFoundError, RequestError } from '../client.js'

let model: Model
let engine: Engine
let server: RunningServer
let client: Client
const continueChat = (messages: readonly { content: string }[]) => codec.encode(messages[0].content)

beforeAll(async () => {
  model = await testModel()
  engine = await Engine.create(model, { rows: 3 })
  server = await serve({ engine, model: { ...served, continueChat }, port: 0 })
  client = new Client({ baseUrl: `${server.url}/v1/` })
})
afterAll(async () => {
  await server.close(0)
  engine.dispose()
  model.dispose()
})

const ask = { prompt: 'once', max_tokens: 30, seed: 4 }

/** Answers are cut after so many bytes, and every third request finds nobody. */
function cutting(bytes: number, counts: { cuts: number }): typeof fetch {
  let requests = 0
  return async (input, init) => {
    if (requests++ % 3 === 2) throw new TypeError('fetch failed')
    const response = await fetch(input, init)
    let left = bytes
    const cut = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        controller.enqueue(chunk.subarray(0, left))
        left -= chunk.length
        if (left > 0) return
        counts.cuts++
        controller.error(new TypeError('terminated'))
      },
    })
    return new Response(response.body!.pipeThrough(cut), response)
  }
}

describe('a stream', () => {
  test('is read whole over connections that are cut again and again', async () => {
    const { text } = await client.complete(ask)
    expect(text).toHaveLength(30)
    for (const bytes of [1500, 1777]) {
      const counts = { cuts: 0 }
      const other = new Client({ baseUrl: server.url, fetch: cutting(bytes, counts) })
      const stream = await other.stream(ask)
      let read = ''
      for await (const chunk of stream) read += chunk.text
      expect(read).toBe(text)
      expect(counts.cuts).toBeGreaterThan(2)
      expect((await stream.result()).usage.completion_tokens).toBe(30)
    }
  })

  test('ends with an error when nobody can be reached any more', async () => {
    let first = true
    const fetchOnce: typeof fetch = async (input, init) => {
      if (!first) throw new TypeError('fetch failed')
      first = false
      const response = await fetch(input, init)
      const reader = response.body!.getReader()
      const start = new ReadableStream<Uint8Array>({
        async pull(controller) {
          controller.enqueue((await reader.read()).value!)
          controller.close()
        },
      })
      return new Response(start, response)
    }
    const other = new Client({ baseUrl: server.url, fetch: fetchOnce, retries: 1 })
    await expect(other.complete(ask)).rejects.toThrow(ConnectionError)
  })

  test.each(['break', 'signal'])('is cancelled by a %s', async (how) => {
    const abort = new AbortController()
    const stream = await client.stream({ ...ask, max_tokens: 60_000 }, { signal: abort.signal })
    const reading = async () => {
      for await (const _ of stream) {
        if (how === 'break') break
        abort.abort(new Error('enough'))
      }
    }
    if (how === 'break') await reading()
    else await expect(reading()).rejects.toThrow('enough')
    await expect.poll(() => engine.status.running).toBe(0)
  })
})

test('a session goes on, is forked, kept and taken elsewhere', async () => {
  const session = await client.sessions.create({ prompt: 'once upon', ttl: 60 })
  const one = await session.complete({ max_tokens: 5, seed: 1 })
  expect(one.session).toEqual({ id: session.id, rev: 2, length: 14 })
  expect(one.usage.prompt_tokens_details.cached_tokens).toBe(9)
  expect(session.info).toMatchObject({ rev: 2, length: 14 })
  const fork = await session.fork()
  const snapshot = await session.snapshot({ name: 'here' })
  const next = { max_tokens: 9, seed: 2 }
  const { text } = await session.complete(next)
  expect((await fork.complete(next)).text).toBe(text)
  await session.rewind('here')
  expect((await session.complete(next)).text).toBe(text)
  const { bytes } = await client.snapshots.export(snapshot.id)
  using restored = await restoreSession(model, bytes, { codec })
  expect((await restored.generate({ maxTokens: 9, seed: 2 }).result).text).toBe(text)
  const again = await client.snapshots.import(bytes, { name: 'there' })
  const copy = await client.sessions.create({ from: again.id })
  expect((await copy.complete(next)).text).toBe(text)
  expect((await session.chat([{ role: 'user', content: 'hi' }], next)).session!.id).toBe(session.id)
  expect((await client.sessions.list()).data.map(({ id }) => id)).toContain(copy.id)
  for (const each of [session, fork, copy]) await each.delete()
  for (const name of ['here', 'there']) await client.snapshots.delete(name)
  expect((await client.snapshots.list()).data).toEqual([])
})

test('what goes wrong has a class and a code', async () => {
  const session = await client.sessions.create({ prompt: 'a' })
  const stale = await client.sessions.get(session.id)
  await session.append('b')
  const conflict = await stale.append('c').catch((error: unknown) => error)
  expect(conflict).toBeInstanceOf(ConflictError)
  expect(conflict).toMatchObject({ code: 'rev_conflict', status: 409, param: 'if_match' })
  await stale.refresh()
  await stale.append('c')
  await session.delete()
  await expect(session.refresh()).rejects.toThrow(NotFoundError)
  await expect(client.complete({ prompt: 'a', top_p: 0 })).rejects.toThrow(RequestError)
  await expect(client.complete({ prompt: 'a', n: 2 })).rejects.toThrow(TypeError)
  await expect(new Client({ baseUrl: 'http://127.0.0.1:9' }).complete(ask)).rejects.toThrow(ConnectionError)
})
