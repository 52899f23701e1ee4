// Requests that are wrong: each gets the status and the code that the table says, and the next good one succeeds.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Engine } from '../engine/engine.js'
import { QueueFullError } from '../errors.js'
import { openEdge, served, testApp, testContext, testModel } from '../testing.js'
import { createKeys } from '../edge/keys.js'
import { type Service, createService } from '../service.js'
import { validateLimits } from './limits.js'

const limits = validateLimits({ bodyBytes: 100_000, promptTokens: 500, maxTokens: 1000 })
const unforeseen: unknown[] = []
let engine: Engine
let service: Service
let app: ReturnType<typeof testApp>
let isReady = true

beforeAll(async () => {
  engine = await Engine.create(await testModel(), { rows: 2 })
  service = createService({
    engine,
    served,
    limits: { ...limits, queue: 8 },
    onError: (error) => unforeseen.push(error),
  })
  app = testApp(testContext(service, served, limits), {
    isReady: () => isReady,
    onError: (error) => unforeseen.push(error),
  })
})
afterAll(async () => {
  await service.worker?.stop()
  engine.dispose()
})

type Body = string | Uint8Array<ArrayBuffer> | object

function post(path: string, body: Body, headers: Record<string, string> = {}): Promise<Response> {
  const raw = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  const type = { 'content-type': 'application/json' }
  return Promise.resolve(app.request(path, { method: 'POST', body: raw, headers: { ...type, ...headers } }))
}

const completions = '/v1/completions'
const chats = '/v1/chat/completions'
const good = { prompt: 'hello', max_tokens: 2, seed: 1 }

async function expectGood(): Promise<void> {
  const response = await post(completions, good)
  expect(response.status).toBe(200)
  expect(await response.json()).toMatchObject({ usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 } })
}

const asked = (response_format: unknown) => ({ ...good, response_format })
const say = (more: object) => ({ messages: [{ role: 'user', content: 'hi' }], max_tokens: 2, ...more })

describe('POST /v1/completions refuses', () => {
  test('what is not JSON by its type, or is compressed', async () => {
    for (const type of ['text/plain', 'multipart/form-data; boundary=x', 'application/json; charset=latin1', '']) {
      expect((await post(completions, good, { 'content-type': type })).status).toBe(415)
    }
    expect((await post(completions, good, { 'content-encoding': 'gzip' })).status).toBe(415)
    await expectGood()
  })

  test('a body that comes in parts as soon as it is too large', async () => {
    let sent = 0
    const body = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(10_000).fill(0x20))
        if (++sent === 1000) controller.close()
      },
    })
    const headers = { 'content-type': 'application/json' }
    const response = await app.request(
      new Request('http://x/v1/completions', { method: 'POST', body, headers, duplex: 'half' } as RequestInit),
    )
    expect(response.status).toBe(413)
    expect(sent).toBeLessThan(20)
  })
})

test('a format that the model has no tokens for ends its texts with the reason, streamed or not, and no others', async () => {
  const body = asked({ type: 'json_object' })
  const why = { finish_reason: 'error', error: { code: 'grammar_dead_end', message: expect.any(String) } }
  const others = post(completions, { ...good, max_tokens: 50 })
  const whole = await post(completions, body)
  expect([whole.status, await whole.json()]).toMatchObject([
    200,
    { choices: [{ text: '', ...why }], usage: { completion_tokens: 0 } },
  ])
  expect((await (await post(completions, { ...body, n: 2 })).json()).choices).toMatchObject([why, why])
  const stream = await (await post(completions, { ...body, stream: true })).text()
  const events = stream.split('\n\n').filter(Boolean)
  expect(events).toHaveLength(2)
  expect(JSON.parse(/^data: (.*)$/m.exec(events[0])![1])).toMatchObject({ choices: [why] })
  expect(events[1]).toContain('data: [DONE]')
  expect(await (await others).json()).toMatchObject({ usage: { completion_tokens: 50 } })
  await expect.poll(() => engine.status).toMatchObject({ running: 0, waiting: 0 })
})

describe('POST /v1/chat/completions refuses', () => {
  test('everything, where the model has no chat template', async () => {
    const { encodeChat: _, ...plain } = served
    const other = testApp(testContext(service, plain, limits))
    const headers = { 'content-type': 'application/json' }
    const response = await other.request(chats, { method: 'POST', body: JSON.stringify(say({})), headers })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: 'no_chat_template', param: 'messages' } })
  })
})

test('messages that the template refuses are told to be wrong, with its words', async () => {
  const refusing = {
    ...served,
    encodeChat: () => {
      throw new QueueFullError(3)
    },
  }
  const other = testApp(testContext(service, refusing, limits))
  const headers = { 'content-type': 'application/json' }
  const response = await other.request(chats, { method: 'POST', body: JSON.stringify(say({})), headers })
  expect([response.status, await response.json()]).toMatchObject([400, { error: { code: 'invalid_messages' } }])
})

describe('the other routes', () => {
  test('answer paths and methods that do not exist in JSON', async () => {
    for (const path of [
      '/nothing',
      '/v1/../admin',
      '//v1/models',
      '/V1/models',
      '/v1/completions;x',
      '/v1/%2e%2e/x',
      '/%00',
    ]) {
      const response = await app.request(path)
      expect([path, response.status]).toEqual([path, 404])
      expect(await response.json()).toMatchObject({ error: { code: expect.stringMatching(/not_found/) } })
    }
    const response = await app.request(completions)
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST'])
    expect(await response.json()).toMatchObject({ error: { code: 'method_not_allowed' } })
  })

  test('turn text into tokens and back', async () => {
    const text = 'hello world.'
    const { tokens, count } = (await (await post('/tokenize', { prompt: text })).json()) as {
      tokens: number[]
      count: number
    }
    expect([tokens.length, count]).toEqual([12, 12])
    expect(await (await post('/detokenize', { tokens })).json()).toEqual({ prompt: text })
    const response = await post('/detokenize', { tokens: [99] })
    expect(await response.json()).toMatchObject({ error: { code: 'token_out_of_vocabulary', param: 'tokens' } })
  })

  test('say when the server takes no more', async () => {
    expect((await app.request('/readyz')).status).toBe(200)
    isReady = false
    const refused = [await app.request('/readyz'), await post(completions, good)]
    isReady = true
    expect(refused.map(({ status }) => status)).toEqual([503, 503])
    expect(refused[1].headers.get('retry-after')).toBe('1')
    expect((await app.request('/livez')).status).toBe(200)
  })

  test('say when the engine is being started again: texts wait for it', async () => {
    const down = testApp({ ...testContext(service), isUp: () => false })
    const { status, headers, body } = await down.request('/readyz')
    expect([status, headers.get('retry-after')]).toEqual([503, '5'])
    expect(await new Response(body).json()).toMatchObject({ error: { code: 'engine_down' } })
    expect((await down.request('/livez')).status).toBe(200)
  })

  test('are out of nothing that was not foreseen', () => {
    expect(unforeseen).toEqual([])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

test('a service tier decides the order of what waits, where the key may hurry', async () => {
  const keys = [
    { name: 'may', tenant: 'a', key: 'a-key-that-may-hurry', priority: true },
    { name: 'may-not', tenant: 'a', key: 'a-key-that-may-not-hurry' },
  ]
  const locked = testApp(testContext(service, served, limits), { edge: { ...openEdge(), keys: createKeys({ keys }) } })
  const tierOf = async (key: string, service_tier: string) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
    const body = JSON.stringify({ ...good, service_tier })
    const response = await locked.request(completions, { method: 'POST', body, headers })
    return ((await response.json()) as { service_tier: string }).service_tier
  }
  expect(await tierOf(keys[0].key, 'auto')).toBe('priority')
  expect(await tierOf(keys[0].key, 'default')).toBe('default')
  expect(await tierOf(keys[1].key, 'priority')).toBe('default')
  expect(await tierOf(keys[1].key, 'flex')).toBe('flex')
})
