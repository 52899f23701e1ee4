// What takes too long, and what comes when there is no room: row 83, and a limit of time for each part of a request.
import { afterEach, expect, test } from 'vitest'
import { Watch } from '../api/watch.js'
import { validateTimeouts } from '../api/timeouts.js'
import { Engine } from '../engine/engine.js'
import { RequestRecord } from '../observe/request-record.js'
import { type RunningServer, type ServeOptions, serve } from '../server.js'
import { codec, served, testModel } from '../testing.js'
import type { RunningTurn } from '../turns/running-turn.js'

const json = { 'content-type': 'application/json' }
const endless = { prompt: 'hello', max_tokens: 65_536, stream: true }
const opened: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of opened.splice(0)) await close()
})

async function open(options: Partial<ServeOptions>, chunkTokens?: number): Promise<RunningServer> {
  const engine = await Engine.create(await testModel(), { rows: 1, ...(chunkTokens && { chunkTokens }) })
  const server = await serve({ engine, model: served, port: 0, ...options })
  opened.push(async () => {
    await server.close(0)
    engine.dispose()
  })
  return server
}

function ask({ url }: RunningServer, body: object): Promise<Response> {
  return fetch(`${url}/v1/completions`, { method: 'POST', body: JSON.stringify(body), headers: json })
}

/** A stream that has the only row until the server closes. */
async function occupy(server: RunningServer): Promise<ReadableStreamDefaultReader> {
  const reader = (await ask(server, endless)).body!.getReader()
  await reader.read()
  return reader
}

const codeOf = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code

test('row 83: with a full queue, requests are refused at once, and their texts are not encoded', async () => {
  let encoded = 0
  const encode = (text: string) => {
    encoded++
    return codec.encode(text)
  }
  const server = await open({ limits: { queue: 2 }, model: { ...served, codec: { ...codec, encode } } })
  const first = await occupy(server)
  const waiting = [1, 2].map(() => ask(server, endless))
  await expect.poll(() => encoded).toBe(3)
  const refused = await Promise.all(Array.from({ length: 20 }, () => ask(server, { prompt: 'x'.repeat(100_000) })))
  for (const response of refused) {
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    expect(await codeOf(response)).toBe('queue_full')
  }
  expect(encoded).toBe(3)
  await first.cancel()
  for (const each of waiting) await (await each).body!.cancel()
})

test('a request that has no row in time is a 503, in a stream an event', async () => {
  const server = await open({ timeouts: { queueMs: 100 } })
  await occupy(server)
  const whole = await ask(server, { prompt: 'a' })
  expect([whole.status, await codeOf(whole), whole.headers.get('retry-after')]).toEqual([503, 'queue_timeout', '5'])
  const stream = await ask(server, { prompt: 'a', stream: true })
  expect(stream.status).toBe(200)
  expect(await stream.text()).toMatch(/"code":"queue_timeout"\}\}\n\ndata: \[DONE\]\n\n$/)
})

test('a first token that does not come in time is a 504', async () => {
  const server = await open({ timeouts: { firstTokenMs: 50 } }, 1)
  const response = await ask(server, { prompt: 'a'.repeat(100_000), n: 2 })
  expect([response.status, await codeOf(response)]).toEqual([504, 'first_token_timeout'])
})

test('a request that takes too long in all is a 504, in a stream an event', async () => {
  const server = await open({ timeouts: { totalMs: 200 } })
  const response = await ask(server, { ...endless, stream: false })
  expect([response.status, await codeOf(response)]).toEqual([504, 'total_timeout'])
  const text = await (await ask(server, endless)).text()
  expect(text).toMatch(/"code":"total_timeout"\}\}\n\ndata: \[DONE\]\n\n$/)
})

test('a text that stops in its midst is given up', async () => {
  const record = new RequestRecord('x', 'POST')
  const error = await new Promise((resolve) => {
    const running = { abort: resolve } as unknown as RunningTurn
    const watch = new Watch(record, running, validateTimeouts({ idleMs: 30 }))
    watch.see({ of: 0, kind: 'begin', cached: 0 })
    watch.see({ of: 0, kind: 'token', id: 1, text: 'a' })
  })
  expect(error).toMatchObject({ status: 504, code: 'idle_timeout' })
})

test.each([{ queueMs: 0 }, { idleMs: 1.5 }, { slowMs: 3 }, { totalMs: 2 ** 31 }])(
  'refuses the timeouts %j',
  (timeouts) => {
    expect(() => validateTimeouts(timeouts)).toThrow('timeouts')
  },
)
