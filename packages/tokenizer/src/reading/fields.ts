/** Typed reads from parsed JSON: each either returns the type it names or throws a `TokenizerFormatError` with the path. */
import { TokenizerFormatError, UnsupportedTokenizerError } from '../errors.js'
import { describe } from './describe.js'
import { isWellFormed } from './well-formed.js'

export type Fields = Readonly<Record<string, unknown>>

export function wrong(path: string, expected: string, value: unknown): TokenizerFormatError {
  return new TokenizerFormatError(path, expected, describe(value))
}

/** Throws unless `holds`. What stands in a loop asks first, so that no path is made for nothing. */
export function need(holds: boolean, path: string, expected: string, value: unknown): asserts holds {
  if (!holds) throw wrong(path, expected, value)
}

export function asFields(value: unknown, path: string): Fields {
  need(typeof value === 'object' && value !== null && !Array.isArray(value), path, 'an object', value)
  return value as Fields
}

export function asList(value: unknown, path: string): readonly unknown[] {
  need(Array.isArray(value), path, 'a list', value)
  return value
}

/** A string of whole characters: half a surrogate pair has no UTF-8 form. */
export function asText(value: unknown, path: string): string {
  need(typeof value === 'string' && isWellFormed(value), path, 'a string without lone surrogates', value)
  return value
}

/** A string of one character. */
export function asCharacter(value: unknown, path: string): string {
  const text = asText(value, path)
  need(Array.from(text).length === 1, path, 'one character', text)
  return text
}

/** A string that is not empty. */
export function asSomeText(value: unknown, path: string): string {
  need(value !== '', path, 'at least one character', value)
  return asText(value, path)
}

export function asBoolean(value: unknown, path: string): boolean {
  need(typeof value === 'boolean', path, 'true or false', value)
  return value
}

export function asId(value: unknown, path: string): number {
  const fits = Number.isInteger(value) && ((value as number) & 0x7fffffff) === value
  need(fits, path, 'an integer from 0 to 2147483647', value)
  return value
}

/** Reads an own property, so that `__proto__` and its kind never reach the prototype chain. */
export function field(fields: Fields, key: string): unknown {
  return Object.hasOwn(fields, key) ? fields[key] : undefined
}

/** Refuses keys outside `known`: a setting that is not understood could change the ids. */
export function refuseUnknownKeys(fields: Fields, path: string, known: readonly string[]): void {
  for (const key of Object.keys(fields)) {
    if (!known.includes(key)) throw new UnsupportedTokenizerError(path + key, known.join(', '), describe(key))
  }
}

/** Reads the value at a path, or throws an error that names it. */
export type Read<T> = (value: unknown, path: string) => T

/** Takes every value: one that is read elsewhere, or means nothing here. */
export const asIs: Read<unknown> = (value) => value

/** `read`, where a value that is left out or null means `usual`. */
export function orElse<T>(read: Read<T>, usual: T): Read<T> {
  return (value, path) => read(value ?? usual, path)
}

/** Reads every field that there may be, and refuses others. */
export function readFields<T extends object>(
  fields: Fields,
  path: string,
  readers: { readonly [K in keyof T]: Read<T[K]> },
): T {
  const keys = Object.keys(readers) as (string & keyof T)[]
  refuseUnknownKeys(fields, `${path}.`, keys)
  return Object.fromEntries(keys.map((key) => [key, readers[key](field(fields, key), `${path}.${key}`)])) as T
}
