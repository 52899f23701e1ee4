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

export function scanJson(text: string): void {
  const stack: Container[] = []
  let items = 0
  let keys = 0
  for (let at = 0; at < text.length; at++) {
    const unit = text[at]
    if (unit === '{' || unit === '[') {
      if (stack.length === maxDepth) throw invalid('json_too_deep', `nested deeper than ${maxDepth}`)
      stack.push({ keys: unit === '{' ? new Set() : null })
    } else if (unit === '}' || unit === ']') {
      stack.pop()
    } else if (unit === ',') {
      if (++items > maxItems) throw invalid('too_many_items', `has more than ${maxItems} items`)
    } else if (unit === '"') {
      const end = endOfString(text, at)
      const owner = stack.at(-1)
      if (owner?.keys && isKey(text, end)) {
        if (++keys > maxKeys) throw invalid('too_many_items', `has more than ${maxKeys} keys`)
        addKey(owner.keys, text.slice(at, end))
      }
      at = end - 1
    }
  }
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
