/**
 * From a JSON schema to an automaton over the bytes of JSON text. Everything that it accepts is valid; not everything that is valid is
 * accepted: members come in the order of the schema, those that are not listed only where none is, and white space is bounded.
 */
import { type Automaton, AutomatonBuilder, type Part } from './automaton.js'
import { trim } from './trim.js'
import { areDisjoint } from './disjoint.js'
import { formats } from './formats.js'
import {
  anyArray,
  anyInteger,
  anyNumber,
  anyObject,
  anyString,
  anyValue,
  comma,
  list,
  quoted,
  stringCharacter,
} from './json-parts.js'
import { integerBetween, numberBetween } from './number-range.js'
import { objectOf } from './object-part.js'
import { either, nothing, oneText, optional, repeat, rule, sequence, text } from './parts.js'
import { type RegExpReader, pattern } from './pattern.js'
import { SchemaError } from './schema-error.js'
import {
  type Schema,
  keywordsOf,
  readCount,
  readList,
  readNumber,
  readSchema,
  readString,
  readTypes,
  requireAlone,
  typeOf,
} from './schema-keywords.js'

const maxSchemas = 5000

/** Throws SchemaError. Time and memory are bounded, whatever the schema. */
export function compileSchema(schema: unknown, read: RegExpReader): Automaton {
  try {
    return trim(new AutomatonBuilder().finish(new SchemaCompiler(schema, read).part(schema, '')))
  } catch (error) {
    // the stack: a pattern or a chain of references that is nested thousands deep
    if (error instanceof RangeError) throw new SchemaError('', 'it is nested too deep')
    throw error
  }
}

class SchemaCompiler {
  readonly #root: unknown
  readonly #readRegExp: RegExpReader
  #schemas = 0

  constructor(root: unknown, read: RegExpReader) {
    this.#root = root
    this.#readRegExp = read
  }

  part(schema: unknown, path: string): Part {
    if (schema === true) return anyValue
    if (schema === false) throw new SchemaError(path, 'false allows nothing')
    const read = readSchema(schema, path)
    return rule(read, () => this.#build(read, path))
  }

  #build(schema: Schema, path: string): Part {
    if (++this.#schemas > maxSchemas) throw new SchemaError('', `it has more than ${maxSchemas} parts`)
    if ('$ref' in schema) return this.#reference(schema, path)
    if ('const' in schema || 'enum' in schema) return oneText(valuesOf(schema, path))
    if ('anyOf' in schema || 'oneOf' in schema || 'allOf' in schema) return this.#branches(schema, path)
    const types = readTypes(schema, path)
    return types === null ? anyValue : either(...types.map((type) => this.#typed(type, schema, path)))
  }

  #typed(type: string, schema: Schema, path: string): Part {
    if (type === 'null') return text('null')
    if (type === 'boolean') return oneText(['true', 'false'])
    if (type === 'integer' || type === 'number') return numberPart(type, schema, path)
    const isFree = !keywordsOf[type].some((key) => key in schema)
    if (type === 'string') return isFree ? anyString : quoted(this.#characters(schema, path))
    if (type === 'array') return isFree ? anyArray : this.#array(schema, path)
    return isFree ? anyObject : objectOf(schema, path, (inner, at) => this.part(inner, at))
  }

  #reference(schema: Schema, path: string): Part {
    requireAlone(schema, path, '$ref')
    const target = readString(schema, '$ref', path)!
    if (!/^#(\/|$)/.test(target)) {
      throw new SchemaError(`${path}/$ref`, 'expected a reference into this schema, such as #/$defs/name')
    }
    return this.part(this.#resolve(target, path), target)
  }

  #resolve(target: string, path: string): unknown {
    let found: unknown = this.#root
    for (const name of target.slice(1).split('/').slice(1)) {
      const key = decode(name).replaceAll('~1', '/').replaceAll('~0', '~')
      const isThere = typeof found === 'object' && found !== null && Object.hasOwn(found, key)
      if (!isThere) throw new SchemaError(`${path}/$ref`, `there is no ${target.slice(0, 80)}`)
      found = (found as Record<string, unknown>)[key]
    }
    return found
  }

  #branches(schema: Schema, path: string): Part {
    const key = ['anyOf', 'oneOf', 'allOf'].find((name) => name in schema)!
    requireAlone(schema, path, key)
    const all = readList(schema, key, path)!
    if (all.length === 0) throw new SchemaError(`${path}/${key}`, 'expected at least one schema')
    if (key === 'allOf' && all.length > 1)
      throw new SchemaError(`${path}/allOf`, 'more than one schema is not supported')
    if (all.length > maxSchemas) throw new SchemaError(`${path}/${key}`, `expected up to ${maxSchemas} schemas`)
    if (key === 'oneOf') requireDisjoint(all, `${path}/oneOf`)
    const isLiteral = (one: unknown) => typeof one === 'object' && one !== null && ('const' in one || 'enum' in one)
    const literals = all.flatMap((one, at) =>
      isLiteral(one) ? valuesOf(readSchema(one, path), `${path}/${key}/${at}`) : [],
    )
    const others = all.flatMap((one, at) => (isLiteral(one) ? [] : [this.part(one, `${path}/${key}/${at}`)]))
    return either(...(literals.length > 0 ? [oneText(literals)] : []), ...others)
  }

  #characters(schema: Schema, path: string): Part {
    const least = readCount(schema, 'minLength', path) ?? 0
    const most = readCount(schema, 'maxLength', path) ?? Infinity
    if (least > most) throw new SchemaError(path, 'minLength is above maxLength')
    const source = readString(schema, 'pattern', path) ?? this.#format(schema, path)
    if (source === undefined) return repeat(stringCharacter, least, most)
    if (least === 0 && most === Infinity) return pattern(source, `${path}/pattern`, this.#readRegExp)
    throw new SchemaError(path, 'a length is not supported beside a pattern or a format')
  }

  #format(schema: Schema, path: string): string | undefined {
    const format = readString(schema, 'format', path)
    if (format === undefined || Object.hasOwn(formats, format)) return format && formats[format]
    throw new SchemaError(`${path}/format`, `expected one of ${Object.keys(formats).join(', ')}`)
  }

  #array(schema: Schema, path: string): Part {
    const first = readList(schema, 'prefixItems', path) ?? []
    const least = readCount(schema, 'minItems', path) ?? 0
    const open = schema.items !== false && (first.length === 0 || least > first.length)
    const most = Math.min(readCount(schema, 'maxItems', path) ?? Infinity, open ? Infinity : first.length)
    if (least > most) throw new SchemaError(path, 'minItems is above what is allowed')
    const fixed = first.slice(0, most).map((one, at) => this.part(one, `${path}/prefixItems/${at}`))
    const item = most > fixed.length ? this.part(schema.items ?? true, `${path}/items`) : nothing
    const rest = list(item, Math.max(0, least - fixed.length), most - fixed.length)
    if (fixed.length === 0) return sequence(text('['), rest, text(']'))
    const joined = fixed.map((one, at) => (at === 0 ? one : sequence(comma, one)))
    const more = most === fixed.length ? nothing : sequence(comma, rest)
    const isNeeded = least > fixed.length
    return sequence(text('['), ...joined, isNeeded ? more : optional(more), text(']'))
  }
}

function numberPart(type: 'integer' | 'number', schema: Schema, path: string): Part {
  if (!keywordsOf.number.some((key) => key in schema)) return type === 'integer' ? anyInteger : anyNumber
  const bounds = ['minimum', 'exclusiveMinimum', 'maximum', 'exclusiveMaximum'].map((key) =>
    readNumber(schema, key, path),
  )
  const [from = -Infinity, above = -Infinity, to = Infinity, below = Infinity] = bounds
  const range = {
    least: Math.max(from, above),
    most: Math.min(to, below),
    aboveLeast: above >= from,
    belowMost: below <= to,
  }
  const part = type === 'integer' ? integerBetween(range) : numberBetween(range)
  if (part) return part
  throw new SchemaError(
    path,
    type === 'integer' ? 'no integer is within the bounds' : 'bounds without an integer between them are not supported',
  )
}

function valuesOf(schema: Schema, path: string): string[] {
  requireAlone(schema, path, 'const' in schema ? 'const' : 'enum', 'type')
  const types = readTypes(schema, path)
  const values = 'const' in schema ? [schema.const] : (readList(schema, 'enum', path) ?? [])
  const fits = (value: unknown) => {
    const type = typeOf(value)
    return types === null || types.includes(type) || (type === 'integer' && types.includes('number'))
  }
  const fitting = values.filter(fits).map((value) => JSON.stringify(value))
  if (fitting.length === 0) throw new SchemaError(path, 'no value is allowed')
  return [...new Set(fitting)]
}

function requireDisjoint(all: readonly unknown[], path: string): void {
  if (all.length > 100) throw new SchemaError(path, 'expected up to 100 schemas')
  for (const [at, one] of all.entries()) {
    if (all.slice(0, at).every((other) => areDisjoint(one, other))) continue
    throw new SchemaError(`${path}/${at}`, 'it is not sure that at most one of these holds. Use anyOf')
  }
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
