// Requests made from /openapi.json and then broken: values of wrong kinds, hostile texts with NUL, bytes that are cut, doubled and changed. No
// answer may be the fault of the server, none may be late, and each that is an error is one of the API.
// A long run: RETNET_FUZZ_RUNS=100000 RETNET_FUZZ_SEED=7 pnpm exec vitest run packages/serve/src/bad-inputs/fuzz.test.ts
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { useVictim } from './testing.js'

const runs = Number(process.env.RETNET_FUZZ_RUNS ?? 300)
const seed = Number(process.env.RETNET_FUZZ_SEED ?? 1)
const lateMs = 10_000
const victim = useVictim({ limits: { bodyBytes: 100_000, maxTokens: 60, n: 3, choices: 6, promptTokens: 2000 } })

interface Schema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly $ref?: string
}

interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const hostileTexts = [
  '',
  '\0',
  'a\0b',
  '\ud800',
  'x'.repeat(3000),
  '../../etc',
  '%00',
  '\r\n\r\n',
  '\u202E\u2028',
  '<|endoftext|>',
  '__proto__',
]
const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e9,
    1e308,
    5e-324,
    2 ** 53 - 1,
    -(2 ** 31),
    [],
    {},
    [[]],
    [null],
    [{}],
  ),
  fc.constantFrom(...hostileTexts),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.array(fc.integer({ min: -5, max: 40 }), { maxLength: 20 }),
  fc.dictionary(fc.oneof(fc.constantFrom('0', '30', '31', '-1', 'constructor'), fc.string()), fc.double(), {
    maxKeys: 4,
  }),
)

/** Values that fit the schema, or nearly. */
function fitting(schema: Schema, all: Description['components']['schemas']): fc.Arbitrary<unknown> {
  if (schema.$ref) return fitting(all[schema.$ref.split('/').at(-1)!], all)
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => fitting(one, all)))
  const [type] = [schema.type ?? 'any'].flat()
  if (type === 'object' && schema.properties) {
    const fields = Object.entries(schema.properties).map(([name, one]) => [name, fitting(one, all)] as const)
    return fc.record(Object.fromEntries(fields), { requiredKeys: [...(schema.required ?? [])] })
  }
  if (type === 'array') return fc.array(fitting(schema.items ?? {}, all), { maxLength: 4 })
  if (type === 'integer') return fc.integer({ min: 0, max: 9 })
  if (type === 'number') return fc.double({ min: 0, max: 2, noNaN: true })
  if (type === 'boolean') return fc.boolean()
  return type === 'string' ? fc.constantFrom('tiny', 'hello', 'a') : fc.oneof(fc.constantFrom('hello', [1, 2]), hostile)
}

/** Some of the values anywhere in it replaced. */
function broken(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(value, fc.array(fc.tuple(fc.nat(), hostile, fc.boolean()), { maxLength: 3 }))
    .map(([whole, changes]) => {
      let found = whole
      for (const [place, by, adds] of changes) found = replaced(found, place, by, adds)
      return found
    })
}

function replaced(value: unknown, place: number, by: unknown, adds: boolean): unknown {
  if (typeof value !== 'object' || value === null) return by
  const keys = Object.keys(value)
  if (adds || keys.length === 0)
    return Array.isArray(value) ? [...(value as unknown[]), by] : { ...value, [hostileTexts[place % 11]]: by }
  const key = keys[place % keys.length]
  const inner = (value as Record<string, unknown>)[key]
  const next = place % 3 === 0 ? replaced(inner, Math.floor(place / 3), by, adds) : by
  return Array.isArray(value) ? value.with(Number(key), next) : { ...value, [key]: next }
}

/** The bytes of it: most whole, some damaged. */
function bytesOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<Uint8Array> {
  const damage = fc.option(fc.tuple(fc.constantFrom('cut', 'change', 'insert', 'double'), fc.nat(), fc.nat(255)), {
    freq: 2,
  })
  return fc.tuple(value, damage).map(([whole, how]) => {
    const bytes = new TextEncoder().encode(JSON.stringify(whole) ?? '')
    if (how === null) return bytes
    const [kind, place, byte] = how
    const at = bytes.length === 0 ? 0 : place % bytes.length
    const tail = {
      cut: [],
      change: [byte, ...bytes.slice(at + 1)],
      insert: [byte % 3 ? 0 : byte, ...bytes.slice(at)],
      double: [...bytes],
    }
    return Uint8Array.from([...bytes.slice(0, at), ...tail[kind as 'cut']])
  })
}

async function send(path: string, method: string, body?: Uint8Array): Promise<void> {
  const init = { method, headers: { 'content-type': 'application/json' }, signal: AbortSignal.timeout(lateMs) }
  const response = await fetch(victim.server.url + path, body ? { ...init, body: body as BodyInit } : init)
  const text = await response.text()
  expect(response.status).toBeLessThan(500)
  if (response.status >= 400 && method !== 'HEAD') {
    expect(JSON.parse(text)).toMatchObject({ error: { code: expect.any(String), message: expect.any(String) } })
  }
  if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
    expect(text).toMatch(/data: \[DONE\]\n\n$/)
    expect(text).not.toContain('"server_error"')
  }
}

test('broken requests to all paths of the description are answered, and none of them by a 5xx', async () => {
  const { paths, components } = (await (await fetch(`${victim.server.url}/openapi.json`)).json()) as Description
  const asks = Object.entries(paths).flatMap(([path, methods]) => {
    return Object.entries(methods).map(([method, operation]) => {
      const body = JSON.stringify(operation).match(/"\$ref":"([^"]+)"/)?.[1]
      const value = body ? broken(fitting({ $ref: body }, components.schemas)) : hostile
      return bytesOf(value).map((bytes) => ({ path, method: method.toUpperCase(), bytes }))
    })
  })
  expect(asks.length).toBeGreaterThanOrEqual(4)
  const hits = fc.asyncProperty(fc.oneof(...asks), ({ path, method, bytes }) => {
    return send(path.replace(/\{.*?\}/g, 'x'), method, method === 'GET' ? undefined : bytes)
  })
  await fc.assert(hits, { numRuns: runs, seed })
}, 3_600_000)

test('broken paths and methods are answered, and none of them by a 5xx', async () => {
  const part = fc.constantFrom(
    'v1',
    'models',
    'completions',
    '..',
    '%2e%2e',
    '%00',
    '',
    ';x',
    'admin',
    '%ff',
    '%',
    'livez',
    'metrics',
    '*',
  )
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS')
  const hits = fc.asyncProperty(
    fc.array(part, { maxLength: 5 }),
    method,
    fc.option(fc.string({ maxLength: 9 })),
    async (parts, verb, query) => {
      const search = query === null ? '' : `?${encodeURIComponent(query)}`
      await send(`/${parts.join('/')}${search}`, verb)
    },
  )
  await fc.assert(hits, { numRuns: Math.ceil(runs / 3), seed })
}, 3_600_000)
