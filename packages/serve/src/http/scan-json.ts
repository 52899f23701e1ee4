/**
 * Looks at JSON text before it is parsed, for what `JSON.parse` lets pass: nesting without end, millions of items, a key given twice, keys
 * that change prototypes. It does not check the syntax: `JSON.parse` does.
 */
import { ApiError } from '../api/api-error.js'

export const maxDepth = 64
const maxItems = 2_000_000
const maxKeys = 50_000
const forbidden = new Set(['__proto__', 'constructor', 'prototype'])

interface Container {
  /** Null for an array. */
  readonly keys: Set<string> | null
}

const brace = 0x7b
const bracket = 0x5b
const braceEnd = 0x7d
const bracketEnd = 0x5d
const comma = 0x2c
const quote = 0x22
const minus = 0x2d
const zero = 0x30
const nine = 0x39

export function scanJson(text: string): void {
  const stack: Container[] = []
  let items = 0
  let keys = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit === brace || unit === bracket) {
      if (stack.length === maxDepth) throw invalid('json_too_deep', `nested deeper than ${maxDepth}`)
      stack.push({ keys: unit === brace ? new Set() : null })
    } else if (unit === braceEnd || unit === bracketEnd) {
      stack.pop()
    } else if (unit === comma) {
      if (++items > maxItems) throw invalid('too_many_items', `has more than ${maxItems} items`)
    } else if (unit === quote) {
      const end = endOfString(text, at)
      const owner = stack.at(-1)
      if (owner?.keys && isKey(text, end)) {
        if (++keys > maxKeys) throw invalid('too_many_items', `has more than ${maxKeys} keys`)
        addKey(owner.keys, text.slice(at, end))
      }
      at = end - 1
    } else if (unit === minus || (unit >= zero && unit <= nine)) {
      at = endOfNumber(text, at) - 1
    }
  }
}

/** The place after the number. Throws if it is not the number that it seems to be: what is too large, too small, too exact for a double. */
function endOfNumber(text: string, start: number): number {
  let end = start + 1
  while (isDigit(text.charCodeAt(end))) end++
  // short whole numbers, as in lists of token ids, are what they seem
  if (end - start <= 15 && !/[.eE]/.test(text.charAt(end)) && text.charCodeAt(start) !== minus) return end
  numberPattern.lastIndex = start
  const [written] = numberPattern.exec(text) ?? ['-']
  requireExact(written)
  return start + written.length
}

function isDigit(unit: number): boolean {
  return unit >= zero && unit <= nine
}

const numberPattern = /-?[\d.]+(?:e[+-]?\d+)?/iy

function requireExact(written: string): void {
  const value = Number(written)
  if (Number.isNaN(value)) throw invalid('invalid_json', 'is not JSON')
  const isLost = value === 0 && /[1-9]/.test(written.split(/e/i)[0])
  const isRounded = /^-?\d+$/.test(written) && !Number.isSafeInteger(value)
  if (!isLost && !isRounded && Number.isFinite(value) && !Object.is(value, -0)) return
  throw invalid('invalid_number', `has the number ${written.slice(0, 40)}, which cannot be held exactly or is -0`)
}

/** The place after the closing quote. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0
    while (text[at - 1 - slashes] === '\\') slashes++
    if (slashes % 2 === 0) return at + 1
  }
  throw invalid('invalid_json', 'is not JSON: a string does not end')
}

function isKey(text: string, from: number): boolean {
  let at = from
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at++
  return text[at] === ':'
}

function addKey(keys: Set<string>, quoted: string): void {
  const key = parse(quoted) as string
  if (forbidden.has(key)) throw invalid('forbidden_key', `has the key ${key}, which is not allowed`)
  if (keys.has(key)) throw invalid('duplicate_key', `has the key ${JSON.stringify(key.slice(0, 80))} twice`)
  keys.add(key)
}

/** `JSON.parse` with a typed error that quotes nothing of the text. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw invalid('invalid_json', 'is not JSON')
  }
}

function invalid(code: string, what: string): ApiError {
  return new ApiError(400, code, `The body ${what}.`)
}
