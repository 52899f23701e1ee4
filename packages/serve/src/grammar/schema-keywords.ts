/** What a schema may say, and how its fields are read. */
import { SchemaError } from './schema-error.js'

export type Schema = Readonly<Record<string, unknown>>

/** They say nothing of what is valid. */
const annotations = new Set(
  `$schema $id $comment $defs definitions $anchor title description default examples example deprecated readOnly writeOnly
  contentEncoding contentMediaType`.split(/\s+/),
)
/** By the type that they are about; none of them says anything of other types. */
export const keywordsOf: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties', 'propertyNames'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'pattern', 'format'],
  number: ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'],
  integer: [],
  boolean: [],
  null: [],
}
const known = new Set(['type', 'enum', 'const', '$ref', 'anyOf', 'oneOf', 'allOf', ...Object.values(keywordsOf).flat()])

export function readSchema(value: unknown, path: string): Schema {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new SchemaError(path, `expected an object or a boolean, got ${JSON.stringify(value)?.slice(0, 40)}`)
  }
  const stranger = Object.keys(value).find((key) => !known.has(key) && !annotations.has(key))
  if (stranger === undefined) return value as Schema
  throw new SchemaError(path, `the keyword ${JSON.stringify(stranger.slice(0, 80))} is not supported`)
}

/** Throws if there is a keyword besides annotations and these: two that must both hold would need both to be followed at once. */
export function requireAlone(schema: Schema, path: string, ...allowed: readonly string[]): void {
  const other = Object.keys(schema).find((key) => !annotations.has(key) && !allowed.includes(key))
  if (other !== undefined) throw new SchemaError(path, `${other} is not supported beside ${allowed[0]}`)
}

export function readCount(schema: Schema, key: string, path: string): number | undefined {
  const value = schema[key]
  if (value === undefined || (Number.isSafeInteger(value) && (value as number) >= 0)) return value as number | undefined
  throw new SchemaError(`${path}/${key}`, 'expected a whole number from 0 on')
}

export function readNumber(schema: Schema, key: string, path: string): number | undefined {
  const value = schema[key]
  if (value === undefined || typeof value === 'number') return value
  throw new SchemaError(`${path}/${key}`, 'expected a number')
}

export function readString(schema: Schema, key: string, path: string): string | undefined {
  const value = schema[key]
  if (value === undefined || typeof value === 'string') return value
  throw new SchemaError(`${path}/${key}`, 'expected a string')
}

export function readList(schema: Schema, key: string, path: string): readonly unknown[] | undefined {
  const value = schema[key]
  if (value === undefined || Array.isArray(value)) return value
  throw new SchemaError(`${path}/${key}`, 'expected a list')
}

export function readNames(schema: Schema, key: string, path: string): readonly string[] {
  const list = readList(schema, key, path) ?? []
  if (list.every((name) => typeof name === 'string')) return list
  throw new SchemaError(`${path}/${key}`, 'expected a list of names')
}

/** The types that a schema names; those that its keywords are about, where it names none; null for any value. */
export function readTypes(schema: Schema, path: string): readonly string[] | null {
  const { type } = schema
  const inferred = Object.keys(keywordsOf).filter((name) => keywordsOf[name].some((key) => key in schema))
  if (type === undefined) return inferred.length === 0 ? null : inferred
  const names: readonly unknown[] = Array.isArray(type) ? type : [type]
  const wrong = names.find((name) => typeof name !== 'string' || !Object.hasOwn(keywordsOf, name))
  if (names.length > 0 && wrong === undefined) return names as string[]
  const expected = Object.keys(keywordsOf).join(', ')
  throw new SchemaError(`${path}/type`, `expected one of ${expected}, got ${JSON.stringify(wrong)?.slice(0, 40)}`)
}

export function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return Number.isInteger(value) ? 'integer' : typeof value
}

/** A segment of a JSON pointer. */
export function pointer(name: string): string {
  return `/${name.slice(0, 80).replaceAll('~', '~0').replaceAll('/', '~1')}`
}
