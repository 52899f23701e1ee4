/** Settings of truncation and padding, in calls and in files: what each may be. */
import { TokenizerArgumentError } from '../errors.js'
import { describe } from '../reading/describe.js'
import { asFields, field, refuseUnknownKeys, wrong, type Fields } from '../reading/fields.js'
import { readOptions } from '../read-options.js'

/** What a setting must be, and how that is said. */
export type Check = readonly [holds: (value: unknown) => boolean, expected: string]
export type Checks<T> = { readonly [K in keyof T]: Check }

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0

export const aCount: Check = [isCount, 'a whole number']
export const oneOf = (...names: readonly unknown[]): Check => [(value) => names.includes(value), names.join(' or ')]
export const countOr = (name: string): Check => [
  (value) => value === name || isCount(value),
  `a whole number or ${name}`,
]
export const below = (size: number): Check => [
  (value) => isCount(value) && (value as number) < size,
  'the id of a token',
]
export const positive: Check = [(value) => isCount(value) && value !== 0, 'a whole number from 1']

/** `options` of a call over `usual`. */
export function readSettingsOf<T extends object>(call: string, options: Partial<T>, usual: T, checks: Checks<T>): T {
  return check(readOptions(call, options, usual), checks, (key, expected, value) => {
    return new TokenizerArgumentError(`${call}.${String(key)}`, expected, describe(value))
  })
}

/** The same from a file that calls them by the names in `keys`; undefined where the file has none. */
export function readFileSettings<T extends object>(
  value: unknown,
  path: string,
  keys: Readonly<Record<keyof T, string>>,
  usual: T,
  checks: Checks<T>,
  others: readonly string[],
): T | undefined {
  if (value === null || value === undefined) return undefined
  const file = asFields(value, path)
  refuseUnknownKeys(file, `${path}.`, [...Object.values<string>(keys), ...others])
  const settings = Object.entries<string>(keys).map(([key, name]) => [
    key,
    ourName(field(file, name)) ?? usual[key as keyof T],
  ])
  return check(Object.fromEntries(settings) as T, checks, (key, expected, found) =>
    wrong(`${path}.${keys[key]}`, expected, found),
  )
}

/** `LongestFirst` is `longestFirst` here, `BatchLongest` is `longest`, and `{ Fixed: 8 }` is 8. */
function ourName(value: unknown): unknown {
  if (typeof value === 'string') return value.replace('Batch', '').replace(/^./, (first) => first.toLowerCase())
  return typeof value === 'object' && value !== null ? field(value as Fields, 'Fixed') : value
}

function check<T extends object>(
  values: T,
  checks: Checks<T>,
  refuse: (key: keyof T, expected: string, value: unknown) => Error,
): T {
  for (const key of Object.keys(checks) as (keyof T)[]) {
    const [holds, expected] = checks[key]
    if (!holds(values[key])) throw refuse(key, expected, values[key])
  }
  return values
}
