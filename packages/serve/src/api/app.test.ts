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

const bytes = (...all: number[]) => Uint8Array.from(all)
const one = (more: object) => ({ ...good, ...more })
const say = (more: object) => ({ messages: [{ role: 'user', content: 'hi' }], max_tokens: 2, ...more })

type Row = [what: string, body: Body, status: number, code: string, param?: string | null]

const bodies: Row[] = [
  ['nothing', '', 400, 'empty_body'],
  ...['null', '[]', '"x"', '1'].map((body): Row => [body, body, 400, 'not_an_object']),
  ['bytes that are no UTF-8', bytes(0x7b, 0xff, 0x7d), 400, 'invalid_utf8'],
  ['a byte order mark', bytes(0xef, 0xbb, 0xbf, 0x7b, 0x7d), 400, 'invalid_utf8'],
  ['UTF-16', bytes(0x7b, 0, 0x7d, 0), 400, 'invalid_utf8'],
  ...['{"prompt":"a"', '{} x', '{"a":NaN}', '{"a":Infinity}', '{/*x*/}', '{"a', "{'a':1}"].map((body): Row => {
    return [body, body, 400, 'invalid_json']
  }),
  ['deep nesting', `{"prompt":${'['.repeat(40_000)}`, 400, 'json_too_deep'],
  ['a key twice', '{"prompt":"a","max_tokens":1,"max_tokens":2}', 400, 'duplicate_key'],
  ['a key twice, once escaped', '{"seed":1,"se\\u0065d":2}', 400, 'duplicate_key'],
  ...['__proto__', 'constructor', 'prototype', '\\u005f_proto__'].map((key): Row => {
    return [`the key ${key}`, `{"prompt":"a","logit_bias":{"${key}":{"polluted":1}}}`, 400, 'forbidden_key']
  }),
  ['half of a surrogate pair', '{"prompt":"\\ud800"}', 400, 'invalid_unicode'],
  ['more bytes than the limit', `{"prompt":"${'x'.repeat(100_000)}"}`, 413, 'body_too_large'],
  ['an unknown parameter', one({ promt: 'x' }), 400, 'unknown_parameter', 'promt'],
  ['tools', one({ tools: [] }), 400, 'unsupported_parameter', 'tools'],
  ['a knob of the engine', one({ n_discard: -1 }), 400, 'unknown_parameter', 'n_discard'],
  ['another model', one({ model: 'gpt' }), 404, 'model_not_found', 'model'],
  ...[0, -1, 1.5, 17, 1e9].map((n): Row => [`n: ${n}`, one({ n }), 400, 'n_out_of_range', 'n']),
  ['best_of: 3', one({ best_of: 3 }), 400, 'unsupported_parameter', 'best_of'],
  ['max_tokens: 1.5', one({ max_tokens: 1.5 }), 400, 'invalid_type', 'max_tokens'],
  ...[-1, 1001, 1e12].map((value): Row => {
    return [`max_tokens: ${value}`, one({ max_tokens: value }), 400, 'invalid_value', 'max_tokens']
  }),
  ...Object.entries({
    temperature: [-1, 1e9],
    top_p: [0, 1.0001],
    top_k: [-5],
    min_p: [2],
    presence_penalty: [1e9, -1e9],
    frequency_penalty: [1e9],
    repetition_penalty: [0],
    seed: [-1, 2 ** 53 + 2],
    stop: ['', Array.from({ length: 17 }, () => 'x'), 'x'.repeat(1025)],
    logprobs: [-1, 21],
  }).flatMap(([name, values]) =>
    values.map((value): Row => {
      const what = `${name}: ${JSON.stringify(value).slice(0, 20)}`
      return [what, one({ [name]: value }), 400, 'invalid_value', name]
    }),
  ),
  ['1e999', '{"prompt":"a","temperature":1e999}', 400, 'invalid_type', 'temperature'],
  ...['max_tokens', 'temperature', 'n', 'stream', 'echo', 'logit_bias', 'stop', 'seed', 'user'].map((name): Row => {
    const code = name === 'n' ? 'n_out_of_range' : name === 'stop' ? 'invalid_value' : 'invalid_type'
    const value = name === 'stop' || name === 'user' ? 1 : '1'
    return [`${name} of a wrong type`, one({ [name]: value }), 400, code, name]
  }),
  ...['AI', '-1', '1e3', '31', ''].map((key): Row => {
    return [`logit_bias of ${key}`, one({ logit_bias: { [key]: 1 } }), 400, 'invalid_value', 'logit_bias']
  }),
  ['a bias of 101', one({ logit_bias: { 3: 101 } }), 400, 'invalid_value', 'logit_bias[3]'],
  [
    'all tokens banned',
    one({ logit_bias: Object.fromEntries(Array.from({ length: 31 }, (_, id) => [id, -100])) }),
    422,
    'no_valid_token',
    'logit_bias',
  ],
  ['stream_options alone', one({ stream_options: { include_usage: true } }), 400, 'invalid_value', 'stream_options'],
  ['a long user', one({ user: 'u'.repeat(600) }), 400, 'invalid_value', 'user'],
  ...[undefined, null, '', [], [[]], [null], ['a', [1]], {}, 7, ['a', '']].map((prompt): Row => {
    return [`the prompt ${JSON.stringify(prompt)}`, one({ prompt }), 400, 'invalid_prompt', 'prompt']
  }),
  ...[-1, 2 ** 31, 31, 1.5].map((id): Row => {
    return [`the token ${id}`, one({ prompt: [1, id] }), 400, 'token_out_of_vocabulary', 'prompt']
  }),
  ['65 prompts', one({ prompt: Array.from({ length: 65 }, () => 'a') }), 400, 'too_many_prompts', 'prompt'],
  ['33 prompts twice', one({ n: 2, prompt: Array.from({ length: 33 }, () => 'a') }), 400, 'too_many_prompts', 'prompt'],
  ['a prompt of 501 tokens', one({ prompt: 'a'.repeat(501) }), 400, 'prompt_too_long', 'prompt'],
]

const conversations: Row[] = [
  ['no messages', say({ messages: [] }), 400, 'invalid_value', 'messages'],
  ['messages that are missing', { max_tokens: 1 }, 400, 'invalid_type', 'messages'],
  ['the role root', say({ messages: [{ role: 'root', content: 'x' }] }), 400, 'invalid_value', 'messages[0].role'],
  ['no content', say({ messages: [{ role: 'user' }] }), 400, 'invalid_value', 'messages[0].content'],
  ...['image_url', 'input_audio', 'file'].map((type): Row => {
    const content = [{ type, [type]: { url: 'file:///etc/passwd' } }]
    const param = 'messages[0].content[0].type'
    return [`a part of type ${type}`, say({ messages: [{ role: 'user', content }] }), 400, 'unsupported_content', param]
  }),
  ['a template', say({ chat_template: '{{ 1 }}' }), 400, 'forbidden_parameter', 'chat_template'],
  [
    'arguments of a template',
    say({ chat_template_kwargs: { tokenize: true } }),
    400,
    'forbidden_parameter',
    'chat_template_kwargs',
  ],
  [
    '1,025 messages',
    say({ messages: Array.from({ length: 1025 }, () => ({ role: 'user', content: '' })) }),
    400,
    'invalid_value',
    'messages',
  ],
  ['top_logprobs alone', say({ top_logprobs: 2 }), 400, 'invalid_value', 'top_logprobs'],
  ['two limits', say({ max_completion_tokens: 2 }), 400, 'invalid_value', 'max_tokens'],
]

const asked = (response_format: unknown) => one({ response_format })
const schemaed = (schema: unknown) => asked({ type: 'json_schema', json_schema: { name: 'a', schema } })
const inSchema = 'response_format.json_schema.schema'

function nested(depth: number): string {
  return `${'{"items":'.repeat(depth)}{}${'}'.repeat(depth)}`
}

const structured: Row[] = [
  ['json_schema without a schema', asked({ type: 'json_schema' }), 400, 'invalid_type', 'response_format.json_schema'],
  ['json_schema with no schema in it', schemaed(undefined), 400, 'invalid_value', inSchema],
  [
    'json_schema without a name',
    asked({ type: 'json_schema', json_schema: { schema: {} } }),
    400,
    'invalid_type',
    'response_format.json_schema.name',
  ],
  [
    'json_object: false',
    asked({ type: 'json_object', json_object: false }),
    400,
    'unknown_parameter',
    'response_format.json_object',
  ],
  ['json: ""', asked({ type: 'json_schema', json: '' }), 400, 'invalid_type', 'response_format.json_schema'],
  [
    'structured_outputs of vLLM',
    one({ structured_outputs: { json_object: false } }),
    400,
    'unsupported_parameter',
    'structured_outputs',
  ],
  ['an unknown format', asked({ type: 'xml' }), 400, 'invalid_value', 'response_format.type'],
  ['a format that is a text', asked('json_object'), 400, 'invalid_type', 'response_format'],
  [
    'a format with ignore_eos',
    one({ response_format: { type: 'json_object' }, ignore_eos: true }),
    400,
    'invalid_value',
    'ignore_eos',
  ],
  ...Object.entries<unknown>({
    'type: foo': { type: 'foo' },
    'a bad pattern': { type: 'string', pattern: '((' },
    'a pattern that looks behind': { type: 'string', pattern: '(?<=a)b' },
    'a circle of references': { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } },
    'a remote reference': { $ref: 'http://169.254.169.254/' },
    '3,000 anyOf': { anyOf: Array.from({ length: 3000 }, (_, at) => ({ type: 'array', maxItems: at })) },
    '10^9 items': { type: 'array', items: {}, minItems: 1e9 },
    'a text of 70,000 characters': { const: 'x'.repeat(70_000) },
  }).map(([what, schema]): Row => [`a schema with ${what}`, schemaed(schema), 400, 'schema_too_complex', inSchema]),
  [
    'a schema of depth 10,000',
    `{"prompt":"a","response_format":{"type":"json_schema","json_schema":{"name":"a","schema":${nested(9000)}}}}`,
    400,
    'json_too_deep',
  ],
]

async function expectRefusal(path: string, [, body, status, code, param = null]: Row): Promise<void> {
  const response = await post(path, body)
  expect(await response.json()).toEqual({
    error: { message: expect.any(String), type: 'invalid_request_error', param, code },
  })
  expect(response.status).toBe(status)
  await expectGood()
  await expect.poll(() => engine.status).toMatchObject({ running: 0, waiting: 0 })
}

describe('POST /v1/completions refuses', () => {
  test.each([...bodies, ...structured])('%s', (...row) => expectRefusal(completions, row))

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
  test.each(conversations)('%s', (...row) => expectRefusal(chats, row))

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

  test('describe all requests', async () => {
    const { paths } = (await (await app.request('/openapi.json')).json()) as { paths: object }
    expect(Object.keys(paths)).toEqual(
      expect.arrayContaining([
        completions,
        chats,
        '/v1/embeddings',
        '/tokenize',
        '/detokenize',
        '/v1/sessions/{id}/fork',
      ]),
    )
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
