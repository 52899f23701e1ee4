import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import { GrammarDeadEndError } from '../errors.js'
import { Grammar } from './grammar.js'
import { Grammars } from './grammars.js'
import { Matcher } from './matcher.js'
import { loadRegExpReader } from './pattern.js'
import { SchemaError } from './schema-error.js'
import { compileSchema } from './schema.js'
import { byteVocabulary, schemas, writeAtRandom } from './testing.js'

const vocabulary = byteVocabulary('{"', '": ', '", "', 'true', 'tr', 'é', 'né', '12', ', ', '"}', ' ')
const readRegExp = await loadRegExpReader()
const grammarOf = (schema: unknown) => new Grammar(new Matcher(compileSchema(schema, readRegExp)), vocabulary)
const ajv = new Ajv2020({ strict: false })
addFormats.default(ajv)

describe('what a grammar writes', () => {
  test.each(Object.entries(schemas))('is valid: %s', (_, schema) => {
    const grammar = grammarOf(schema)
    const isValid = ajv.compile(schema as object)
    const texts = Array.from({ length: 40 }, (__, seed) => writeAtRandom(grammar, vocabulary, seed))
    const whole = texts.filter((text) => text !== null)
    expect(whole.length).toBeGreaterThan(20)
    for (const text of whole) {
      expect(text, 'white space').not.toMatch(/^\s|\s$/)
      if (!isValid(JSON.parse(text))) expect.unreachable(`${text}: ${ajv.errorsText(isValid.errors)}`)
    }
  })
})

/** Whether the bytes of `text`, one by one, are what the grammar allows, to its end. */
function accepts(grammar: Grammar, text: string): boolean {
  const constraint = grammar.constrain(new Set([vocabulary.size - 1]))
  for (const byte of new TextEncoder().encode(text)) {
    if (constraint.isComplete || ((constraint.mask()[byte >>> 5] >>> (byte & 31)) & 1) === 0) return false
    constraint.accept(byte)
  }
  const stop = vocabulary.size - 1
  return constraint.isComplete || ((constraint.mask()[stop >>> 5] >>> (stop & 31)) & 1) === 1
}

const string = (more: object) => ({ type: 'string', ...more })
const object = (properties: object, required: string[], more: object = {}) => ({
  type: 'object',
  properties,
  required,
  ...more,
})

test.each<[string, unknown, yes: string[], no: string[]]>([
  [
    'any JSON',
    {},
    ['{"a": [1, -0.5e+3, true, null, "\\u00e9\\n"]}', '""', '[]'],
    ['', ' 1', '01', '1.', '"\\ud800"', '{"a":  1}', '[1,]', "'a'"],
  ],
  [
    'a pattern that backtracking is slow at',
    string({ pattern: '^(a+)+$' }),
    [`"${'a'.repeat(500)}"`],
    [`"${'a'.repeat(500)}b"`],
  ],
  ['an open pattern', string({ pattern: 'ab+c|^x|y$' }), ['"..abbc.."', '"x."', '".y"'], ['"abb"', '".x"', '"y."']],
  ['a counted pattern', string({ pattern: '^\\w{2,3}-?$' }), ['"a_1"', '"ab-"'], ['"a"', '"abcd"', '"ab--"']],
  ['lengths in characters', string({ minLength: 2, maxLength: 2 }), ['"éé"', '"😀\\n"'], ['"é"', '"abc"']],
  [
    'integers',
    { type: 'integer', minimum: -12, exclusiveMaximum: 105 },
    ['-12', '-1', '0', '9', '104'],
    ['-13', '105', '-0', '00', '1.0', '1e1'],
  ],
  [
    'numbers',
    { type: 'number', minimum: 0, exclusiveMaximum: 2 },
    ['0', '1', '0.5', '1.9999'],
    ['2', '-0.5', '2.5', '1e9'],
  ],
  [
    'members in order',
    object({ a: { type: 'null' }, b: { type: 'null' } }, ['b']),
    ['{"b":null}', '{"a": null, "b": null}'],
    ['{}', '{"a":null}', '{"b":null,"a":null}', '{"c":1,"b":null}'],
  ],
  ['literals', { enum: [{ a: 1 }, 'x', 'xy'] }, ['{"a":1}', '"x"', '"xy"'], ['"', '"xyz"']],
  [
    'lists',
    { type: 'array', items: { type: 'null' }, minItems: 1, maxItems: 2 },
    ['[null]', '[null, null]'],
    ['[]', '[null,null,null]', '[null,]'],
  ],
])('a grammar for %s takes what it should and nothing else', (_, schema, yes, no) => {
  const grammar = grammarOf(schema)
  expect(yes.filter((text) => !accepts(grammar, text))).toEqual([])
  expect(no.filter((text) => accepts(grammar, text))).toEqual([])
})

function deep(depth: number): object {
  let schema: object = { type: 'null' }
  for (let at = 0; at < depth; at++) schema = { type: 'array', items: schema }
  return schema
}

test.each<[string, unknown, message: RegExp]>([
  ['an unknown type', { type: 'foo' }, /at \/type: expected one of/],
  ['a list of types with a wrong one', { type: ['string', 7] }, /got 7/],
  ['a bad pattern', string({ pattern: '((' }), /no regular expression/],
  ['a pattern that looks ahead', string({ pattern: '^(?!a)b' }), /not supported/],
  ['a pattern with a reference', string({ pattern: '(a)\\1' }), /not supported/],
  ['a pattern nested deep', string({ pattern: '('.repeat(2000) + ')'.repeat(2000) }), /schema/],
  ['a pattern of repeated repeats', string({ pattern: '(((a{1000}){1000}){1000}){1000}' }), /too large/],
  ['a pattern of nothing, often', string({ pattern: '(?:){1000000000}' }), /too large/],
  ['an endless pattern', string({ pattern: 'a'.repeat(5000) }), /up to 4096/],
  [
    'a circle of references',
    { $ref: '#/$defs/a', $defs: { a: { anyOf: [{ $ref: '#/$defs/b' }, { type: 'null' }] }, b: { $ref: '#/$defs/a' } } },
    /back to itself/,
  ],
  ['itself', { $ref: '#' }, /back to itself/],
  ['a tree without leaves', object({ next: { $ref: '#' } }, ['next']), /no text that ends/],
  ['a remote reference', { $ref: 'https://example.com/schema' }, /reference into this schema/],
  ['a reference to nothing', { $ref: '#/$defs/a' }, /there is no/],
  ['a reference into a prototype', { $ref: '#/__proto__/toString' }, /there is no/],
  ['10,000 branches', { anyOf: Array.from({ length: 10_000 }, () => ({ type: 'null' })) }, /up to 5000/],
  [
    '10,000 members',
    object(
      Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`a${at}`, string({ maxLength: at % 9 })])),
      [],
    ),
    /too large|more than/,
  ],
  ['10^9 items', { type: 'array', items: {}, minItems: 1e9 }, /too large/],
  ['10^9 characters', string({ maxLength: 1e9 }), /too large/],
  ['depth 10,000', deep(10_000), /too large/],
  ['a long literal', { const: 'x'.repeat(1e6) }, /too large/],
  ['an unknown keyword', { type: 'array', uniqueItems: true }, /"uniqueItems" is not supported/],
  ['not', { not: {} }, /"not" is not supported/],
  ['an unknown format', string({ format: 'iban' }), /at \/format: expected one of/],
  ['two schemas at once', { allOf: [{ type: 'string' }, { minLength: 2 }] }, /more than one/],
  ['a keyword beside anyOf', { type: 'object', anyOf: [{}] }, /beside anyOf/],
  ['a keyword beside a reference', { $ref: '#/$defs/a', minLength: 2, $defs: { a: {} } }, /beside \$ref/],
  ['branches that overlap', { oneOf: [{ type: 'integer' }, { type: 'number' }] }, /Use anyOf/],
  ['no value', { enum: [] }, /no value/],
  ['no value of the type', { type: 'integer', enum: ['a'] }, /no value/],
  ['bounds that cross', { type: 'integer', minimum: 3, maximum: 2 }, /no integer/],
  ['lengths that cross', string({ minLength: 3, maxLength: 2 }), /above/],
  ['a length of -1', string({ minLength: -1 }), /whole number/],
  ['a name that is no text', object({}, [7 as unknown as string]), /list of names/],
  ['a required name that is not allowed', object({}, ['a'], { additionalProperties: false }), /not allowed/],
  ['false', false, /allows nothing/],
  ['a text', 'string', /expected an object or a boolean/],
  ['null', null, /expected an object or a boolean/],
  ['a list', [], /expected an object or a boolean/],
])('a schema with %s is refused, with the reason', (_, schema, message) => {
  expect(() => compileSchema(schema, readRegExp)).toThrow(SchemaError)
  expect(() => compileSchema(schema, readRegExp)).toThrow(message)
})

describe('a constraint', () => {
  test('is made again from the ids that were taken', () => {
    const grammar = grammarOf(schemas['a tree'])
    const stop = new Set([vocabulary.size - 1])
    const ids = [...new TextEncoder().encode('{"value": 12, "children": [{"value"')]
    const whole = grammar.constrain(stop)
    for (const id of ids) whole.accept(id)
    expect([...grammar.constrain(stop, ids).mask()]).toEqual([...whole.mask()])
  })

  test('lets a text end where it may, by the stop token or of itself', () => {
    const grammar = grammarOf({ type: 'integer' })
    const stop = vocabulary.size - 1
    const bound = grammar.constrain(new Set([stop]))
    expect((bound.mask()[stop >>> 5] >>> (stop & 31)) & 1).toBe(0)
    bound.accept(0x31)
    expect(bound.isComplete).toBe(false)
    bound.accept(stop)
    expect(bound.isComplete).toBe(true)
    const free = grammar.constrain(new Set())
    free.accept(0x31)
    expect(free.isComplete).toBe(true)
  })

  test('without a token to go on with is a dead end', async () => {
    const { createVocabulary } = await import('./vocabulary.js')
    const letters = createVocabulary(26, (id) => Uint8Array.of(0x61 + id))
    const constraint = new Grammar(new Matcher(compileSchema({ enum: ['a'] }, readRegExp)), letters).constrain(
      new Set(),
    )
    expect(() => constraint.mask()).toThrow(GrammarDeadEndError)
    expect(() => constraint.accept(3)).toThrow(GrammarDeadEndError)
  })

  test('of a text that can be read in very many ways is given up, in the compilation or where it happens', async () => {
    const branches = Array.from({ length: 1200 }, (_, at) => object({ [`a${at}`]: { type: 'null' } }, []))
    const grammars = new Grammars(() => vocabulary)
    await expect(grammars.get({ anyOf: branches })).rejects.toThrow(SchemaError)
    const constraint = grammarOf(string({ pattern: 'a.{2500}b' })).constrain(new Set())
    constraint.accept(0x22)
    for (let at = 0; at < 200; at++) constraint.accept(0x61)
    expect(() => {
      for (let at = 0; at < 2000; at++) constraint.accept(0x61)
    }).toThrow(GrammarDeadEndError)
  })
})

test('a mask is what trying every token gives', () => {
  const grammar = grammarOf(schemas['told by a member'])
  const constraint = grammar.constrain(new Set())
  const prefix = [...new TextEncoder().encode('{"kind": "')]
  prefix.forEach((id) => constraint.accept(id))
  const mask = constraint.mask()
  for (let id = 0; id < vocabulary.size; id++) {
    let isAllowed = true
    try {
      grammar.constrain(new Set(), [...prefix, id])
    } catch {
      isAllowed = false
    }
    expect([id, (mask[id >>> 5] >>> (id & 31)) & 1]).toEqual([id, isAllowed ? 1 : 0])
  }
})

test('grammars are kept while their bytes fit, and the vocabulary is sorted once', async () => {
  let sorted = 0
  const grammars = new Grammars(() => (sorted++, vocabulary), 2_000_000)
  await grammars.check({ const: 0 })
  await expect(grammars.check({ type: 'foo' })).rejects.toThrow(SchemaError)
  expect(sorted).toBe(0)
  const first = await grammars.get({ const: 0 })
  expect(await grammars.get({ const: 0 })).toBe(first)
  for (let at = 0; at < 3000; at++) await grammars.get({ const: `${at}`.repeat(20) })
  expect(grammars.bytes).toBeLessThan(2_000_000)
  expect(await grammars.get({ const: 0 })).not.toBe(first)
  expect(sorted).toBe(1)
})
