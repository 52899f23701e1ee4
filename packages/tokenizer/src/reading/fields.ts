/** Typed reads from parsed JSON: each either returns the type it names or throws a `TokenizerFormatError` with the path. */
import { TokenizerFormatError, UnsupportedTokenizerError } from '../errors.js'
import { describe } from './describe.js'
import { isWellFormed } from './well-formed.js'

export type Fields = Readonly<Record<string, unknown>>

export function wrong(path: string, expected: string, value: unknown): TokenizerFormatError {
  return new TokenizerFormatError(path, expected, describe(value))
}

export function asFields(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(path, 'an object', value)
  return value as Fields
}

export function asList(value: unknown, path: string): readonly unknown[] {
  if (!Array.isArray(value)) throw wrong(path, 'a list', value)
  return value
}

/** A string of whole characters: half a surrogate pair has no UTF-8 form. */
export function asText(value: unknown, path: string): string {
  if (typeof value !== 'string') throw wrong(path, 'a string', value)
  if (!isWellFormed(value)) throw wrong(path, 'a string without lone surrogates', value)
  return value
}

export function asBoolean(value: unknown, path: string): boolean {
  if (typeof value !== 'boolean') throw wrong(path, 'true or false', value)
  return value
}

export function asId(value: unknown, path: string): number {
  if (!Number.isInteger(value) || (value as number) < 0 || (value as number) > 0x7fffffff) {
    throw wrong(path, 'an integer from 0 to 2147483647', value)
  }
  return value as number
}

/** Reads an own property, so that `__proto__` and its kind never reach the prototype chain. */
export function field(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined
}

/** Refuses keys outside `known`: a setting that is not understood could change the ids. */
export function refuseUnknownKeys(fields: Fields, path: string, known: readonly string[]): void {
  for (const key of Object.keys(fields)) {
    if (!known.includes(key))
      throw new UnsupportedTokenizerError(path ? `${path}.${key}` : key, known.join(', '), describe(key))
  }
}
