// Rows 24 to 34: bodies that are no JSON object, or one that the parser would let pass and should not.
import { describe, expect, test } from 'vitest'
import { chatRequest, completionRequest } from '../api/schemas.js'
import { useVictim } from './testing.js'

const victim = useVictim()
const completions = '/v1/completions'
const good = { prompt: 'hello', max_tokens: 2, seed: 1 }
const bytes = (...all: number[]) => Uint8Array.from(all)
const withField = (name: string, value: string) => `{"prompt":"a","${name}":${value}}`

type Row = readonly [row: number, what: string, body: string | Uint8Array | object, code: string, param?: string | null]

const rows: readonly Row[] = [
  [24, 'nothing', '', 'empty_body'],
  [24, 'spaces', '  \n', 'empty_body'],
  ...['null', '[]', '"x"', '1'].map((body): Row => [24, body, body, 'not_an_object']),
  [25, 'bytes that are no UTF-8', bytes(0x7b, 0xff, 0x7d), 'invalid_utf8'],
  [25, 'a byte order mark', bytes(0xef, 0xbb, 0xbf, 0x7b, 0x7d), 'invalid_utf8'],
  [25, 'UTF-16', bytes(0x7b, 0, 0x7d, 0), 'invalid_utf8'],
  ...[
    '{"prompt":"a"',
    '{} x',
    '{"a":NaN}',
    '{"a":Infinity}',
    '{/*x*/}',
    '{"a',
    "{'a':1}",
    '{"a":01}',
    '{"a":+1}',
    '{"a":.5}',
  ].map((body): Row => [26, body, body, 'invalid_json']),
  [27, 'nesting of 40,000', `{"prompt":${'['.repeat(40_000)}`, 'json_too_deep'],
  [27, 'nesting of 65', `{"a":${'['.repeat(64)}${']'.repeat(64)}}`, 'json_too_deep'],
  [28, 'a key twice', '{"prompt":"a","max_tokens":1,"max_tokens":2}', 'duplicate_key'],
  [28, 'a key twice, once escaped', '{"seed":1,"se\\u0065d":2}', 'duplicate_key'],
  ...['__proto__', 'constructor', 'prototype', '\\u005f_proto__'].map((key): Row => {
    return [29, `the key ${key}`, `{"prompt":"a","logit_bias":{"${key}":{"polluted":1}}}`, 'forbidden_key']
  }),
  [30, 'an unknown parameter', { ...good, promt: 'x' }, 'unknown_parameter', 'promt'],
  [32, '2 million items', withField('prompt2', `[${'1,'.repeat(2_000_001)}1]`), 'too_many_items'],
  [
    32,
    '60,000 keys',
    withField('x', `{${Array.from({ length: 60_000 }, (_, at) => `"${at}":1`).join()}}`),
    'too_many_items',
  ],
  [33, '-0', withField('seed', '-0'), 'invalid_number'],
  [33, '-0.0e5', withField('temperature', '-0.0e5'), 'invalid_number'],
  [33, '1e-400', withField('temperature', '1e-400'), 'invalid_number'],
  [33, '1e999', withField('temperature', '1e999'), 'invalid_number'],
  [33, '2 ** 53 + 1', withField('seed', '9007199254740993'), 'invalid_number'],
  [33, '1.5 for a whole number', withField('max_tokens', '1.5'), 'invalid_type', 'max_tokens'],
  [33, '-1', withField('max_tokens', '-1'), 'invalid_value', 'max_tokens'],
  [33, '"1"', withField('max_tokens', '"1"'), 'invalid_type', 'max_tokens'],
  [34, 'half of a surrogate pair', '{"prompt":"\\ud800"}', 'invalid_unicode'],
  [34, 'half of a pair in a key', '{"prompt":"a","logit_bias":{"\\udfff":1}}', 'invalid_unicode'],
]

describe('the server refuses with 400', () => {
  test.each(rows)('row %i: %s', async (_row, _what, body, code, param = null) => {
    const response = await victim.post(completions, body)
    const error = { message: expect.any(String), type: 'invalid_request_error', param, code }
    expect([response.status, await response.json()]).toEqual([400, { error }])
    expect(({} as Record<string, unknown>).polluted).toBeUndefined()
  })
})

const values: Readonly<Record<string, unknown>> = {
  number: 1.5,
  text: 'x',
  truth: true,
  list: [true],
  object: { a: 1 },
}
/** The kinds of value that a field may have; of all others it is said that they are wrong. */
const kindsOf: Readonly<Record<string, readonly string[]>> = {
  prompt: ['text'],
  model: ['text'],
  user: ['text'],
  stop: ['text'],
  temperature: ['number'],
  top_p: ['number'],
  min_p: ['number'],
  repetition_penalty: ['number'],
  frequency_penalty: ['number'],
  presence_penalty: ['number'],
  stream: ['truth'],
  echo: ['truth'],
  ignore_eos: ['truth'],
}

describe.each([
  [completions, completionRequest, good],
  ['/v1/chat/completions', chatRequest, { messages: [{ role: 'user', content: 'hi' }], max_tokens: 2 }],
] as const)('row 31: %s refuses what is of a wrong type', (path, schema, ask) => {
  test.each(Object.keys(schema.shape))('%s', async (name) => {
    const chatLogprobs = path !== completions && name === 'logprobs'
    const kinds = chatLogprobs ? ['truth'] : (kindsOf[name] ?? [])
    for (const [kind, value] of Object.entries(values)) {
      if (kinds.includes(kind)) continue
      const response = await victim.post(path, { ...ask, [name]: value })
      const { error } = (await response.json()) as { error: { param: string | null } }
      expect([kind, response.status]).toEqual([kind, 400])
      expect(error.param).toMatch(new RegExp(`^${name}\\b`))
    }
  })
})

describe('row 34: the server takes', () => {
  const texts = {
    NUL: 'a\0b',
    'line separators': 'a\u2028b\u2029',
    'text from right to left': 'שלום \u202Eabc\u202C',
    '1 MB of combining marks': 'a' + '\u0301'.repeat(500_000),
    'a whole surrogate pair': '😀',
  }
  test.each(Object.entries(texts))('%s', async (_, prompt) => {
    const response = await victim.post(completions, { ...good, prompt })
    expect(response.status).toBe(200)
    expect(await response.json()).toMatchObject({ usage: { prompt_tokens: Array.from(prompt).length } })
  })
})
