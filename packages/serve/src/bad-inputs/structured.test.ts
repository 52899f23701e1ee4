// Rows 59 to 61: formats of answers that make no sense, or would cost too much.
import { describe, expect, test } from 'vitest'
import { useVictim } from './testing.js'

const victim = useVictim()
const one = (more: object) => ({ prompt: 'hello', max_tokens: 2, seed: 1, ...more })

type Row = readonly [row: number, what: string, body: object | string, status: number, code: string, param?: string]

const asked = (response_format: unknown) => one({ response_format })
const schemaed = (schema: unknown) => asked({ type: 'json_schema', json_schema: { name: 'a', schema } })
const inSchema = 'response_format.json_schema.schema'

function nested(depth: number): string {
  return `${'{"items":'.repeat(depth)}{}${'}'.repeat(depth)}`
}

const rows: readonly Row[] = [
  [
    59,
    'json_schema without a schema',
    asked({ type: 'json_schema' }),
    400,
    'invalid_type',
    'response_format.json_schema',
  ],
  [59, 'json_schema with no schema in it', schemaed(undefined), 400, 'invalid_value', inSchema],
  [
    59,
    'json_schema without a name',
    asked({ type: 'json_schema', json_schema: { schema: {} } }),
    400,
    'invalid_type',
    'response_format.json_schema.name',
  ],
  [
    59,
    'json_object: false',
    asked({ type: 'json_object', json_object: false }),
    400,
    'unknown_parameter',
    'response_format.json_object',
  ],
  [59, 'json: ""', asked({ type: 'json_schema', json: '' }), 400, 'invalid_type', 'response_format.json_schema'],
  [
    59,
    'structured_outputs of vLLM',
    one({ structured_outputs: { json_object: false } }),
    400,
    'unsupported_parameter',
    'structured_outputs',
  ],
  [59, 'an unknown format', asked({ type: 'xml' }), 400, 'invalid_value', 'response_format.type'],
  [59, 'a format that is a text', asked('json_object'), 400, 'invalid_type', 'response_format'],
  [
    59,
    'a format with ignore_eos',
    one({ response_format: { type: 'json_object' }, ignore_eos: true }),
    400,
    'invalid_value',
    'ignore_eos',
  ],
  ...Object.entries<unknown>({
    'a bad pattern': { type: 'string', pattern: '((' },
    'a pattern that looks behind': { type: 'string', pattern: '(?<=a)b' },
  }).map(([what, schema]): Row => [61, `a schema with ${what}`, schemaed(schema), 400, 'schema_too_complex', inSchema]),
  ...Object.entries<unknown>({
    'type: foo': { type: 'foo' },
    'a circle of references': { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } },
    'a remote reference': { $ref: 'http://169.254.169.254/' },
    '3,000 anyOf': { anyOf: Array.from({ length: 3000 }, (_, at) => ({ type: 'array', maxItems: at })) },
    '10^9 items': { type: 'array', items: {}, minItems: 1e9 },
    'a text of 70,000 characters': { const: 'x'.repeat(70_000) },
  }).map(([what, schema]): Row => [60, `a schema with ${what}`, schemaed(schema), 400, 'schema_too_complex', inSchema]),
  [
    60,
    'a schema of depth 10,000',
    `{"prompt":"a","response_format":{"type":"json_schema","json_schema":{"name":"a","schema":${nested(9000)}}}}`,
    400,
    'json_too_deep',
  ],
]

describe('the server refuses', () => {
  test.each(rows)('row %i: %s', async (_row, _what, body, status, code, param) => {
    const response = await victim.post('/v1/completions', body)
    const error = { message: expect.any(String), type: 'invalid_request_error', param: param ?? null, code }
    expect([response.status, await response.json()]).toEqual([status, { error }])
  })
})
