// Rows 35 to 58: fields whose values make no sense, or would cost too much.
import { describe, expect, test } from 'vitest'
import { Engine } from '../engine/engine.js'
import { serve } from '../server.js'
import { brokenModel, served, someIds } from '../testing.js'
import { useVictim } from './testing.js'

const victim = useVictim({ limits: { promptTokens: 500, maxTokens: 1000 } })
const completions = '/v1/completions'
const chats = '/v1/chat/completions'
const good = { prompt: 'hello', max_tokens: 2, seed: 1 }
const one = (more: object) => ({ ...good, ...more })
const say = (more: object) => ({ messages: [{ role: 'user', content: 'hi' }], max_tokens: 2, ...more })
const many = <T>(length: number, value: T) => Array.from({ length }, () => value)

type Row = readonly [row: number, what: string, body: object, status: number, code: string, param: string]

const outOfRange = (row: number, fields: Readonly<Record<string, readonly unknown[]>>): Row[] => {
  return Object.entries(fields).flatMap(([name, values]) => {
    return values.map((value): Row => {
      return [row, `${name}: ${JSON.stringify(value).slice(0, 20)}`, one({ [name]: value }), 400, 'invalid_value', name]
    })
  })
}

const rows: readonly Row[] = [
  ...[0, -1, 1.5, 17, 1e9].map((n): Row => [35, `n: ${n}`, one({ n }), 400, 'n_out_of_range', 'n']),
  ...[3, 1e9].map((value): Row => {
    return [36, `best_of: ${value}`, one({ best_of: value }), 400, 'unsupported_parameter', 'best_of']
  }),
  ...outOfRange(37, { max_tokens: [-1, 1001, 1e12] }),
  [37, 'min_tokens above max_tokens', one({ min_tokens: 9 }), 400, 'unsupported_parameter', 'min_tokens'],
  ...outOfRange(38, {
    temperature: [-1, 1e9],
    top_p: [0, 1.0001],
    top_k: [-5, 1e9],
    min_p: [2],
    presence_penalty: [1e9, -1e9],
    frequency_penalty: [1e9, -1e9],
    repetition_penalty: [0],
  }),
  ...['AI', '-1', '1e3', '31', ''].map((key): Row => {
    return [40, `logit_bias of ${key}`, one({ logit_bias: { [key]: 1 } }), 400, 'invalid_value', 'logit_bias']
  }),
  [40, 'a bias of 101', one({ logit_bias: { 3: 101 } }), 400, 'invalid_value', 'logit_bias[3]'],
  [
    40,
    'all tokens banned',
    one({ logit_bias: Object.fromEntries(many(31, -100).entries()) }),
    422,
    'no_valid_token',
    'logit_bias',
  ],
  ...outOfRange(41, { stop: ['', many(17, 'x'), many(100_000, 'x'), 'x'.repeat(1025), 'x'.repeat(1_000_000)] }),
  ...outOfRange(42, { logprobs: [-1, 21] }),
  [42, 'top_logprobs of 21', say({ logprobs: true, top_logprobs: 21 }), 400, 'invalid_value', 'top_logprobs'],
  [42, 'top_logprobs alone', say({ top_logprobs: 2 }), 400, 'invalid_value', 'top_logprobs'],
  ...outOfRange(44, { seed: [-1] }),
  [44, 'seed: 1.5', one({ seed: 1.5 }), 400, 'invalid_type', 'seed'],
  [
    45,
    'stream_options alone',
    one({ stream_options: { include_usage: true } }),
    400,
    'invalid_value',
    'stream_options',
  ],
  [47, '1 MB of user', one({ user: 'u'.repeat(1_000_000) }), 400, 'invalid_value', 'user'],
  [
    47,
    'metadata',
    one({ metadata: Object.fromEntries(many(10_000, 'x').entries()) }),
    400,
    'unsupported_parameter',
    'metadata',
  ],
  ...['n_discard', 'id_slot', 'chunk'].map((name): Row => {
    return [48, name, one({ [name]: -1 }), 400, 'unknown_parameter', name]
  }),
  ...[undefined, null, '', [], [[]], [null], ['a', [1]], {}, 7, ['a', '']].map((prompt): Row => {
    return [49, `the prompt ${JSON.stringify(prompt)}`, one({ prompt }), 400, 'invalid_prompt', 'prompt']
  }),
  ...[-1, 2 ** 31, 31, 1.5].map((id): Row => {
    return [50, `the token ${id}`, one({ prompt: [1, id] }), 400, 'token_out_of_vocabulary', 'prompt']
  }),
  [51, '100,000 prompts', one({ prompt: many(100_000, 'a') }), 400, 'too_many_prompts', 'prompt'],
  [51, '33 prompts twice', one({ n: 2, prompt: many(33, 'a') }), 400, 'too_many_prompts', 'prompt'],
  [52, '1 MB of one letter', one({ prompt: 'x'.repeat(1_000_000) }), 400, 'prompt_too_long', 'prompt'],
  [53, 'a prompt of one token too many', one({ prompt: 'a'.repeat(501) }), 400, 'prompt_too_long', 'prompt'],
  [55, 'no messages', say({ messages: [] }), 400, 'invalid_value', 'messages'],
  [55, 'messages that are missing', { max_tokens: 1 }, 400, 'invalid_type', 'messages'],
  [55, 'the role root', say({ messages: [{ role: 'root', content: 'x' }] }), 400, 'invalid_value', 'messages[0].role'],
  [55, 'no content', say({ messages: [{ role: 'user' }] }), 400, 'invalid_value', 'messages[0].content'],
  [55, '100,000 messages', say({ messages: many(100_000, { role: 'user' }) }), 400, 'too_many_items', ''],
  [
    55,
    '1,025 messages',
    say({ messages: many(1025, { role: 'user', content: '' }) }),
    400,
    'invalid_value',
    'messages',
  ],
  [56, 'a template', say({ chat_template: '{{ 1 }}' }), 400, 'forbidden_parameter', 'chat_template'],
  [
    56,
    'its arguments',
    say({ chat_template_kwargs: { tokenize: true } }),
    400,
    'forbidden_parameter',
    'chat_template_kwargs',
  ],
  ...['image_url', 'input_audio', 'file'].map((type): Row => {
    const content = [{ type, [type]: { url: 'http://169.254.169.254/latest' } }]
    const messages = [{ role: 'user', content }]
    return [58, type, say({ messages }), 400, 'unsupported_content', 'messages[0].content[0].type']
  }),
]

describe('the server refuses', () => {
  test.each(rows)('row %i: %s', async (_row, _what, body, status, code, param) => {
    const response = await victim.post('prompt' in body ? completions : chats, body)
    const error = { message: expect.any(String), type: 'invalid_request_error', param: param || null, code }
    expect([response.status, await response.json()]).toEqual([status, { error }])
  })
})

describe('the server answers', () => {
  test('row 37: max_tokens of 0 takes the prompt in and writes nothing', async () => {
    const response = await victim.post(completions, one({ max_tokens: 0 }))
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { choices: [{ text: '', finish_reason: 'length' }], usage: { prompt_tokens: 5, completion_tokens: 0 } },
    ])
  })

  test('row 39: a temperature of 0 is greedy', async () => {
    const texts = [1, 2].map(async (seed) => (await victim.post(completions, one({ temperature: 0, seed }))).json())
    const [a, b] = (await Promise.all(texts)) as { choices: { text: string }[] }[]
    expect(a.choices[0].text).toBe(b.choices[0].text)
  })

  test('row 43: an echo of the prompt alone has its log-probabilities', async () => {
    const response = await victim.post(completions, one({ echo: true, max_tokens: 0, logprobs: 1 }))
    expect(response.status).toBe(200)
    const { choices } = (await response.json()) as { choices: { logprobs: { token_logprobs: unknown[] } }[] }
    expect(choices[0].logprobs.token_logprobs).toHaveLength(5)
  })

  test('row 53: a prompt of exactly as many tokens as may be', async () => {
    expect((await victim.post(completions, one({ prompt: 'a'.repeat(500) }))).status).toBe(200)
  })

  test('row 46: a stream in which one choice fails ends each choice once, and itself once', async () => {
    const engine = await Engine.create(await brokenModel(), { rows: 2 })
    const server = await serve({ engine, model: served, port: 0 })
    const prompt = [[...someIds(5), 30], [...someIds(5)]]
    const body = JSON.stringify({ prompt, max_tokens: 3, stream: true, logit_bias: { 30: -100 } })
    const headers = { 'content-type': 'application/json' }
    const text = await (await fetch(`${server.url}${completions}`, { method: 'POST', body, headers })).text()
    const chunks = text.split('\n').filter((line) => line.startsWith('data: {'))
    const choices = chunks.flatMap((line) => (JSON.parse(line.slice(6)) as { choices: Ending[] }).choices)
    const endings = choices.filter((choice) => choice.finish_reason !== null)
    expect(endings).toHaveLength(2)
    expect(endings).toContainEqual(expect.objectContaining({ index: 0, finish_reason: 'error' }))
    expect(endings).toContainEqual(expect.objectContaining({ index: 1, finish_reason: 'length' }))
    expect(text.match(/data: \[DONE\]/g)).toHaveLength(1)
    await server.close(0)
    engine.dispose()
  })
})

interface Ending {
  readonly index: number
  readonly finish_reason: string | null
}
