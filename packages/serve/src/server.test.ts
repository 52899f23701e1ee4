// The server on a socket, as the unmodified client of OpenAI sees it.
import { request } from 'node:http'
import { connect } from 'node:net'
import { generate } from '@retnet/generate'
import type { Model } from '@retnet/core'
import OpenAI, { APIError, AuthenticationError, BadRequestError, NotFoundError } from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Engine } from './engine/engine.js'
import { type RunningServer, serve } from './server.js'
import { codec, served, testModel } from './testing.js'

let model: Model
let engine: Engine
let server: RunningServer
let client: OpenAI

beforeAll(async () => {
  model = await testModel()
  engine = await Engine.create(model, { rows: 4 })
  server = await serve({ engine, model: served, port: 0 })
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 })
})
afterAll(async () => {
  await server.close(0)
  engine.dispose()
})

const prompt = 'once upon a time'
const ask = { model: 'tiny', prompt, max_tokens: 20, seed: 5 }

async function alone(seed: number, options: object = {}) {
  return generate(model, prompt, { codec, maxTokens: 20, seed, ...options }).result
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of stream) items.push(item)
  return items
}

describe('completions', () => {
  test('are the text of the model, whole and streamed, with usage', async () => {
    const { text } = await alone(5)
    const whole = await client.completions.create(ask)
    expect(whole.choices).toEqual([{ index: 0, text, logprobs: null, finish_reason: 'length' }])
    expect(whole.usage).toEqual({
      prompt_tokens: 16,
      completion_tokens: 20,
      total_tokens: 36,
      prompt_tokens_details: { cached_tokens: 0 },
    })
    const options = { ...ask, stream: true as const, stream_options: { include_usage: true } }
    const chunks = await all(await client.completions.create(options))
    expect(chunks.map(({ choices }) => choices[0]?.text ?? '').join('')).toBe(text)
    expect(chunks.flatMap(({ choices }) => choices.map((choice) => choice.finish_reason)).filter(Boolean)).toEqual([
      'length',
    ])
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage })
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true)
    expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
  })

  test('have n choices, a list of prompts, stop strings, echo and biases', async () => {
    const two = await client.completions.create({ ...ask, n: 2, prompt: [prompt, prompt] })
    const texts = [(await alone(5)).text, (await alone(6)).text]
    expect(two.choices.map(({ index, text }) => [index, text])).toEqual(
      [...texts, ...texts].map((text, at) => [at, text]),
    )
    const stop = texts[0].slice(4, 6)
    const stopped = await client.completions.create({ ...ask, stop, echo: true })
    const end = texts[0].indexOf(stop)
    expect(stopped.choices[0]).toMatchObject({ text: prompt + texts[0].slice(0, end), finish_reason: 'stop' })
    const biased = await client.completions.create({ ...ask, logit_bias: { '4': 100 }, max_tokens: 3 })
    expect(biased.choices[0].text).toBe('eee')
    const streams = await all(await client.completions.create({ ...ask, n: 3, stream: true }))
    for (const index of [0, 1, 2]) {
      const own = streams.flatMap(({ choices }) => choices.filter((choice) => choice.index === index))
      expect(own.map((choice) => choice.text).join('')).toBe((await alone(5 + index)).text)
    }
  })

  test('give the log-probabilities of the text and of an echoed prompt', async () => {
    const { choices } = await client.completions.create({ ...ask, echo: true, logprobs: 2, max_tokens: 0 })
    const logprobs = choices[0].logprobs!
    expect(choices[0].text).toBe(prompt)
    expect(logprobs.tokens!.join('')).toBe(prompt)
    expect(logprobs.text_offset).toEqual(Array.from({ length: prompt.length }, (_, at) => at))
    expect(logprobs.token_logprobs![0]).toBeNull()
    expect(logprobs.token_logprobs!.slice(1).every((value) => value < 0)).toBe(true)
    expect(Object.keys(logprobs.top_logprobs![1])).toHaveLength(2)
    const drawn = await client.completions.create({ ...ask, logprobs: 0 })
    expect(drawn.choices[0].logprobs!.tokens!.join('')).toBe(drawn.choices[0].text)
  })
})

describe('chats', () => {
  const talk = { model: 'tiny', max_tokens: 12, seed: 3, messages: [{ role: 'user' as const, content: 'hello' }] }

  test('are answered whole and streamed, with log-probabilities', async () => {
    const whole = await client.chat.completions.create({ ...talk, logprobs: true, top_logprobs: 2 })
    const { message, logprobs, finish_reason: reason } = whole.choices[0]
    expect([message.role, reason]).toEqual(['assistant', 'length'])
    expect(logprobs!.content!.map(({ token }) => token).join('')).toBe(message.content)
    expect(logprobs!.content![0].top_logprobs).toHaveLength(2)
    expect(whole.usage).toMatchObject({ prompt_tokens: 'user hello.'.length, completion_tokens: 12 })
    const chunks = await all(await client.chat.completions.create({ ...talk, stream: true }))
    expect(chunks[0].choices[0].delta).toEqual({ role: 'assistant', content: '' })
    expect(chunks.map(({ choices }) => choices[0].delta.content ?? '').join('')).toBe(message.content)
    expect(chunks.at(-1)!.choices[0].finish_reason).toBe('length')
  })
})

describe('the server', () => {
  test('lists its model', async () => {
    const models = await all(client.models.list())
    expect(models).toMatchObject([{ id: 'tiny', object: 'model', meta: { vocab_size: 31, chat: true } }])
    expect(await client.models.retrieve('tiny')).toMatchObject({ id: 'tiny' })
  })

  test('gives errors that the client knows by class', async () => {
    await expect(client.completions.create({ ...ask, max_tokens: -1 })).rejects.toThrow(BadRequestError)
    await expect(client.models.retrieve('other')).rejects.toThrow(NotFoundError)
    const error = await client.completions.create({ ...ask, n: 99 }).catch((cause: unknown) => cause)
    expect(error).toBeInstanceOf(APIError)
    expect(error).toMatchObject({ status: 400, code: 'n_out_of_range', param: 'n' })
  })

  test('lets in who has a key, if it has keys', async () => {
    const apiKeys = ['a-key-that-is-long-enough']
    using own = await Engine.create(model, { rows: 1 })
    await using locked = await serve({ engine: own, model: served, port: 0, apiKeys })
    const as = (apiKey: string) => new OpenAI({ baseURL: `${locked.url}/v1`, apiKey, maxRetries: 0 })
    await expect(as('a-key-that-is-wrong').models.list()).rejects.toThrow(AuthenticationError)
    expect((await as(apiKeys[0]).models.list()).data).toHaveLength(1)
    expect((await fetch(`${locked.url}/readyz`)).status).toBe(200)
  })

  test.each([true, false])('ends what nobody waits for (stream: %s)', async (stream) => {
    const abort = new AbortController()
    const endless = { ...ask, max_tokens: 65_536, stream }
    const asked = client.completions.create(endless, { signal: abort.signal })
    const read = async () => {
      const reply = await asked
      if (Symbol.asyncIterator in reply) for await (const _ of reply) abort.abort()
    }
    const reading = read().catch(() => {})
    if (!stream) {
      await expect.poll(() => engine.status.running).toBe(1)
      abort.abort()
    }
    await reading
    await expect.poll(() => engine.status).toMatchObject({ running: 0, waiting: 0 })
  })

  test('holds no more for a reader that does not read than it reads ahead', async () => {
    const body = JSON.stringify({ ...ask, max_tokens: 65_536, stream: true })
    const slow = request(`${server.url}/v1/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
    slow.end(body)
    const response = await new Promise<{ destroy(): void }>((resolve) => slow.on('response', resolve))
    // nothing is read: the sockets fill, then the text waits, and others have its row
    const { text } = await alone(5)
    expect((await client.completions.create(ask)).choices[0].text).toBe(text)
    response.destroy()
    await expect.poll(() => engine.status).toMatchObject({ running: 0, waiting: 0 })
  })

  test.each([
    ['bytes that are no HTTP', 'nonsense\r\n\r\n', '400 Bad Request', 'bad_request'],
    [
      'large headers',
      `GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`,
      '431 ',
      'headers_too_large',
    ],
    [
      'two lengths',
      'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n',
      '400 ',
      'bad_request',
    ],
    [
      'another host',
      'GET /v1/models HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n',
      '421 ',
      'wrong_host',
    ],
    ['a Host that is none', 'GET /livez HTTP/1.1\r\nhost: a b<>\r\nconnection: close\r\n\r\n', '400 ', 'bad_request'],
    [
      'a length and chunks',
      'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n',
      '400 ',
      'bad_request',
    ],
    [
      'an endless chunk',
      'POST / HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n',
      '400 ',
      'bad_request',
    ],
    ['a proxy request', 'CONNECT a:1 HTTP/1.1\r\nhost: localhost\r\n\r\n', '405 ', 'method_not_allowed'],
    ['an expectation', 'GET /livez HTTP/1.1\r\nhost: localhost\r\nexpect: cake\r\n\r\n', '417 ', 'expectation_failed'],
  ])('answers %s in JSON', async (_, bytes, status, code) => {
    const answer = await raw(bytes)
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status}`))
    expect(answer).toContain(`"code":"${code}"`)
  })

  test('lets fifty running streams end before it closes, and refuses others', async () => {
    const own = await Engine.create(model, { rows: 4 })
    const ending = await serve({ engine: own, model: served, port: 0 })
    const other = new OpenAI({ baseURL: `${ending.url}/v1`, apiKey: 'none', maxRetries: 0 })
    const streams = Array.from({ length: 50 }, (_, at) =>
      other.completions.create({ ...ask, seed: at + 1, stream: true }),
    )
    const opened = await Promise.all(streams)
    const closing = ending.close(60_000)
    const texts = await Promise.all(
      opened.map(async (stream) => (await all(stream)).map(({ choices }) => choices[0].text).join('')),
    )
    await closing
    for (const [at, text] of texts.entries()) expect(text).toBe((await alone(at + 1)).text)
    await expect(fetch(`${ending.url}/livez`)).rejects.toThrow('fetch failed')
    own.dispose()
  })

  test('tells a stream that it is cut off when the time of grace is over', async () => {
    const own = await Engine.create(model, { rows: 1 })
    const ending = await serve({ engine: own, model: served, port: 0 })
    const body = JSON.stringify({ ...ask, max_tokens: 65_536, stream: true })
    const headers = { 'content-type': 'application/json' }
    const response = await fetch(`${ending.url}/v1/completions`, { method: 'POST', body, headers })
    const reading = response.text()
    await ending.close(20)
    expect(await reading).toMatch(/"code":"shutting_down"}}\n\ndata: \[DONE\]\n\n$/)
    own.dispose()
  })
})

function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(server.port, '127.0.0.1', () => socket.write(bytes))
    socket.setEncoding('utf8')
    socket.on('data', (text) => (answer += text))
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}
