// Streams whose readers go and come back: what they read in pieces is what they would have read at once.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Desk, ids } from '../sessions/testing.js'
import { nobody } from '../../edge/caller.js'

let desk: Desk
beforeAll(async () => {
  desk = await Desk.open()
})
afterAll(() => desk.close())

type App = Desk['app']
const options = { stream: true, stream_options: { resumable: true, include_usage: true } }

async function begin(path: string, body: object, app: App = desk.app): Promise<Response> {
  const headers = { 'content-type': 'application/json' }
  return app.request(path, { method: 'POST', headers, body: JSON.stringify({ ...options, ...body }) })
}

const resume = (stream: string, last?: string, app: App = desk.app) => {
  return Promise.resolve(app.request(`/v1/streams/${stream}`, { headers: last ? { 'last-event-id': last } : {} }))
}

/** Up to `count` events, as they came; then the connection is cut. */
async function read(response: Response, count = Infinity): Promise<string[]> {
  const reader = response.body!.getReader()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    const events = text.split('\n\n').slice(0, -1)
    if (events.length >= count) {
      await reader.cancel()
      return events.slice(0, count)
    }
    const { value, done } = await reader.read()
    if (done) return events
    text += decoder.decode(value)
  }
}

const idOf = (event: string) => /^id: (.+)$/m.exec(event)?.[1]

const rows: [string, string, object][] = [
  ['a completion', '/v1/completions', { prompt: 'once', max_tokens: 12, seed: 3 }],
  ['two choices', '/v1/completions', { prompt: 'once', max_tokens: 6, seed: 3, n: 2, echo: true }],
  ['a chat', '/v1/chat/completions', { messages: [{ role: 'user', content: 'hi' }], max_tokens: 9, seed: 3 }],
]

describe.each(rows)('%s', (_, path, body) => {
  test('that is cut after every event is read whole', async () => {
    const response = await begin(path, body)
    const stream = response.headers.get('x-retnet-stream')!
    const events = await read(response, 1)
    for (;;) {
      const [event] = await read(await resume(stream, idOf(events.at(-1)!)), 1)
      events.push(event)
      if (event === 'data: [DONE]') break
    }
    const whole = await read(await resume(stream))
    expect(events).toEqual(whole)
    for (let at = 0; at < whole.length - 1; at++) {
      expect(await read(await resume(stream, idOf(whole[at])))).toEqual(whole.slice(at + 1))
    }
    const other = await read(await begin(path, body))
    const bare = (all: string[]) => {
      return all.map((event) => event.replaceAll(/[0-9a-f]{32}/g, 'ID').replace(/"created":\d+/, ''))
    }
    expect(bare(other)).toEqual(bare(whole))
  })
})

test('a turn of a session goes on without its reader, and is kept', async () => {
  const session = await desk.begin({ prompt: ids(9) })
  const response = await begin('/v1/completions', { session, max_tokens: 20, seed: 1 })
  const stream = response.headers.get('x-retnet-stream')!
  const [first] = await read(response, 1)
  await expect.poll(async () => (await desk.ask('GET', `/v1/sessions/${session}`)).body.rev).toBe(2)
  const rest = await read(await resume(stream, idOf(first)))
  expect(JSON.parse(rest.at(-2)!.split('data: ')[1]).session).toEqual({ id: session, rev: 2, length: 29 })
})

test('a session that is deleted ends the turn that its reader has left', async () => {
  const session = await desk.begin({ prompt: ids(9) })
  await read(await begin('/v1/completions', { session, max_tokens: 5000, seed: 1 }), 1)
  expect(desk.engine.status.running).toBe(1)
  await desk.remove(session)
  await expect.poll(() => desk.engine.status.running).toBe(0)
})

test('a stream that is called off ends, for all of its readers', async () => {
  const response = await begin('/v1/completions', { prompt: 'once', max_tokens: 5000, seed: 1 })
  const stream = response.headers.get('x-retnet-stream')!
  const reading = read(await resume(stream))
  expect((await desk.ask('DELETE', `/v1/streams/${stream}`)).body.deleted).toBe(true)
  expect((await reading).at(-3)).toContain('cancelled')
  await expect.poll(() => desk.engine.status.running).toBe(0)
})

test('what is not there, not resumable, of another tenant or of another time is told apart from what is', async () => {
  const plain = await begin('/v1/completions', { prompt: 'a', max_tokens: 1, stream_options: {} })
  expect(plain.headers.get('x-retnet-stream')).toBeNull()
  const plainId = idOf((await read(plain))[0])!.split(':')[0]
  const response = await begin('/v1/completions', { prompt: 'a', max_tokens: 3 })
  const stream = response.headers.get('x-retnet-stream')!
  const events = await read(response)
  const others = { ...nobody, tenant: 'other' }
  const other = desk.start({}, others).app
  const codes = await Promise.all(
    [
      resume('0'.repeat(32)),
      resume(plainId),
      resume(stream, undefined, other),
      resume('x'.repeat(32)),
      resume(stream, `${stream}:999`),
      resume(stream, `${'0'.repeat(32)}:1`),
      resume(stream, `${stream}:x`),
    ].map(async (one) => ((await (await one).json()) as { error: { code: string } }).error.code),
  )
  expect(codes).toEqual([
    'stream_not_found',
    'stream_not_found',
    'stream_not_found',
    'invalid_id',
    'stream_diverged',
    'invalid_value',
    'invalid_value',
  ])
  expect(await read(await resume(stream, idOf(events[0])))).toEqual(events.slice(1))
})
