/** Schemas and a way to write texts by a grammar without a model. */
import type { Grammar } from './grammar.js'
import { type Vocabulary, createVocabulary } from './vocabulary.js'

/** Every byte is a token, and then these texts; the last id ends a text. */
export function byteVocabulary(...texts: readonly string[]): Vocabulary {
  const longer = texts.map((text) => new TextEncoder().encode(text))
  return createVocabulary(257 + texts.length, (id) => {
    if (id < 256) return Uint8Array.of(id)
    return longer[id - 256] ?? null
  })
}

/** Draws tokens that the grammar allows until the text is whole; null if it is not after `most` tokens. */
export function writeAtRandom(grammar: Grammar, vocabulary: Vocabulary, seed: number, most = 3000): string | null {
  const stop = vocabulary.size - 1
  const constraint = grammar.constrain(new Set([stop]))
  let state = seed * 7919 + 1
  const bytes: number[] = []
  for (let count = 0; count < most && !constraint.isComplete; count++) {
    const mask = constraint.mask()
    const allowed = Array.from({ length: vocabulary.size }, (_, id) => id).filter(
      (id) => (mask[id >>> 5] >>> (id & 31)) & 1,
    )
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff
    // closing where possible keeps texts short
    const closing = allowed.filter((id) => id === stop || '"}]'.includes(String.fromCharCode(id)))
    const from = closing.length > 0 && (state >> 8) % 3 > 0 ? closing : allowed
    const id = from[(state >> 12) % from.length]
    bytes.push(...(vocabulary.bytesOf(id) ?? []))
    constraint.accept(id)
  }
  return constraint.isComplete ? new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes)) : null
}

const text = { type: 'string' }
const person = { type: 'object', properties: { name: text, age: { type: 'integer' } }, required: ['name', 'age'] }

export const schemas: Readonly<Record<string, unknown>> = {
  anything: {},
  'an object': { type: 'object' },
  'an empty object': { type: 'object', additionalProperties: false },
  members: { ...person, additionalProperties: false },
  'members that may be absent': { ...person, required: [] },
  'some that may be absent': {
    type: 'object',
    properties: { a: { const: 1 }, b: { const: 2 }, c: { const: 3 }, d: { const: 4 } },
    required: ['b', 'd'],
  },
  'names with quotes': {
    type: 'object',
    properties: { 'a"b\\': text, 'ü/~': { type: 'null' } },
    required: ['a"b\\', 'ü/~'],
  },
  'any names': { type: 'object', additionalProperties: { type: 'boolean' } },
  'names of a pattern': {
    type: 'object',
    propertyNames: { pattern: '^[a-z]{1,5}$' },
    additionalProperties: { type: 'number' },
  },
  'names of a list': {
    type: 'object',
    propertyNames: { type: 'string', enum: ['x', 'y'] },
    additionalProperties: { type: 'integer' },
    required: ['x', 'y'],
  },
  'a list': { type: 'array', items: person },
  'a list of 2 to 4': { type: 'array', items: { type: 'boolean' }, minItems: 2, maxItems: 4 },
  'a list of exactly 3': {
    type: 'array',
    items: { type: 'integer', minimum: -3, maximum: 12 },
    minItems: 3,
    maxItems: 3,
  },
  'a tuple': { type: 'array', prefixItems: [text, { type: 'integer' }, { type: 'null' }], items: false, minItems: 3 },
  'a tuple and more': {
    type: 'array',
    prefixItems: [{ type: 'null' }],
    items: { type: 'integer' },
    minItems: 3,
    maxItems: 5,
  },
  'lists in lists': {
    type: 'array',
    items: { type: 'array', items: { type: 'array', items: { type: 'integer' } } },
    maxItems: 3,
  },
  'strings of 2 to 5': { type: 'string', minLength: 2, maxLength: 5 },
  'a pattern': { type: 'string', pattern: '^(?:[A-Z][a-z]{2,4}-)+\\d{1,3}(?:"|\\\\|\\n|é)?$' },
  'an open pattern': { type: 'string', pattern: '[b-z]+|^1' },
  'classes of characters': { type: 'string', pattern: '^[^a-z"]{1,3}\\w\\W\\s\\S\\D.$' },
  ...Object.fromEntries(
    ['date', 'time', 'date-time', 'duration', 'email', 'hostname', 'ipv4', 'uuid', 'uri'].map((format) => {
      return [`format ${format}`, { type: 'string', format }]
    }),
  ),
  'integers from -17 to 1,203': { type: 'integer', minimum: -17, maximum: 1203 },
  'integers above 99': { type: 'integer', exclusiveMinimum: 99 },
  'numbers from -2.5 below 10': { type: 'number', minimum: -2.5, exclusiveMaximum: 10 },
  'numbers above 0': { type: 'number', exclusiveMinimum: 0 },
  'numbers to -4': { type: 'number', maximum: -4 },
  'one of': { enum: ['red', 'rose', 3, 3.5, null, true, { a: [1] }] },
  'one of a type': { type: 'string', enum: ['red', 'rose', 7] },
  'a type or null': { type: ['string', 'null'], maxLength: 2 },
  'any of': { anyOf: [{ const: 'a' }, { type: 'integer' }, { ...person }, { enum: ['b', 'abc'] }] },
  'told by a member': {
    oneOf: [
      { type: 'object', properties: { kind: { const: 'a' }, x: text }, required: ['kind', 'x'] },
      { type: 'object', properties: { kind: { enum: ['b', 'c'] }, y: text }, required: ['kind', 'y'] },
      { type: 'null' },
    ],
  },
  references: {
    $defs: { 'a/b': { type: 'integer', minimum: 0 }, name: text },
    type: 'object',
    properties: { n: { $ref: '#/$defs/a~1b' }, s: { $ref: '#/$defs/name', description: 'so' } },
    required: ['n', 's'],
  },
  'a tree': {
    type: 'object',
    properties: { value: { type: 'integer' }, children: { type: 'array', items: { $ref: '#' }, maxItems: 2 } },
    required: ['value', 'children'],
  },
  'a chain': {
    $defs: {
      node: {
        type: 'object',
        properties: { next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] } },
        required: ['next'],
      },
    },
    $ref: '#/$defs/node',
  },
}
