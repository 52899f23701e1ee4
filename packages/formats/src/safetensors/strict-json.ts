/**
 * JSON from files that nobody vouches for: refuses duplicate keys, which `JSON.parse` hides, deep nesting, and more
 * entries than allowed, before anything is built in memory.
 */
import { JsonError, quote } from '../errors.js'

export interface StrictJsonLimits {
  readonly file: string
  /** Objects and arrays inside one another. */
  readonly maxDepth: number
  /** Keys of one object. */
  readonly maxKeys: number
}

/** Called when a key occurs twice in one object or an object has too many keys, to throw a more telling error. */
export interface StrictJsonHooks {
  readonly onDuplicate?: (key: string, depth: number) => Error
  readonly onTooManyKeys?: (keys: number, depth: number) => Error
}

export function parseStrictJson(text: string, limits: StrictJsonLimits, hooks: StrictJsonHooks = {}): unknown {
  scan(text, limits, hooks)
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new JsonError(limits.file, `invalid JSON (${error instanceof Error ? error.message : String(error)}).`)
  }
}

/** True for `{...}`, false for arrays and null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Walks strings, brackets and colons in one pass; everything else is left to `JSON.parse`, which follows. */
function scan(text: string, limits: StrictJsonLimits, hooks: StrictJsonHooks): void {
  const open: Array<Set<string> | undefined> = []
  let lastString: string | undefined
  for (let i = 0; i < text.length; i++) {
    const char = text[i]
    if (char === '"') {
      const end = stringEnd(text, i)
      lastString = text.slice(i, end)
      i = end - 1
    } else if (char === '{' || char === '[') {
      open.push(char === '{' ? new Set() : undefined)
      if (open.length > limits.maxDepth) {
        throw new JsonError(limits.file, `invalid JSON: nested deeper than ${limits.maxDepth}.`)
      }
    } else if (char === '}' || char === ']') {
      open.pop()
    } else if (char === ':') {
      addKey(open.at(-1), lastString, open.length, limits, hooks)
      lastString = undefined
    }
  }
}

/** One past the closing quote, or the end of the text when there is none. */
function stringEnd(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const char = text.charCodeAt(i)
    if (char === 0x5c) i++
    else if (char === 0x22) return i + 1
  }
  return text.length
}

function addKey(
  keys: Set<string> | undefined,
  raw: string | undefined,
  depth: number,
  limits: StrictJsonLimits,
  hooks: StrictJsonHooks,
): void {
  // A colon without a key before it is a syntax error, which JSON.parse will report.
  if (keys === undefined || raw === undefined) return
  const key = decodeKey(raw, limits.file)
  if (keys.has(key)) {
    throw hooks.onDuplicate?.(key, depth) ?? new JsonError(limits.file, `duplicate key ${quote(key)}.`)
  }
  keys.add(key)
  if (keys.size > limits.maxKeys) {
    throw hooks.onTooManyKeys?.(keys.size, depth) ?? new JsonError(limits.file, `more than ${limits.maxKeys} keys.`)
  }
}

function decodeKey(raw: string, file: string): string {
  if (!raw.includes('\\')) return raw.slice(1, -1)
  try {
    const key: unknown = JSON.parse(raw)
    return String(key)
  } catch {
    throw new JsonError(file, `invalid JSON: bad escape in the key ${quote(raw)}.`)
  }
}
