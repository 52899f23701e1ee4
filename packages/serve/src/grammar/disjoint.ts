/** Whether no value can be valid by two schemas, as far as can be told without following them: what oneOf asks for. */
import { type Schema, readSchema, readTypes, typeOf } from './schema-keywords.js'

export function areDisjoint(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return false
  const [a, b] = [one as Schema, other as Schema]
  const values = [valuesIn(a), valuesIn(b)]
  if (values[0] && values[1]) return noneIn(values[0], values[1])
  const types = [typesIn(a), typesIn(b)]
  if (types[0] === null || types[1] === null) return false
  if (noneIn(types[0], types[1])) return true
  return String(types[0]) === 'object' && String(types[1]) === 'object' && areTold(a, b)
}

/** Both have a member, and its values are others. */
function areTold(a: Schema, b: Schema): boolean {
  const shared = (Array.isArray(a.required) ? a.required : []).filter(
    (name) => Array.isArray(b.required) && b.required.includes(name),
  )
  return shared.some((name: unknown) => {
    const [own, theirs] = [a, b].map(
      ({ properties }) => (properties as Record<string, unknown> | undefined)?.[String(name)],
    )
    const values = [own, theirs].map((each) =>
      typeof each === 'object' && each !== null ? valuesIn(each as Schema) : null,
    )
    return values[0] && values[1] ? noneIn(values[0], values[1]) : false
  })
}

function valuesIn(schema: Schema): string[] | null {
  if ('const' in schema) return [JSON.stringify(schema.const)]
  return Array.isArray(schema.enum) ? schema.enum.map((value) => JSON.stringify(value)) : null
}

/** Integers are numbers. */
function typesIn(schema: Schema): string[] | null {
  const values = 'const' in schema ? [schema.const] : Array.isArray(schema.enum) ? (schema.enum as unknown[]) : null
  const types = values ? values.map(typeOf) : 'type' in schema ? readTypes(readSchema(schema, ''), '') : null
  return types && types.map((type) => (type === 'integer' ? 'number' : type))
}

function noneIn(some: readonly string[], others: readonly string[]): boolean {
  return !some.some((each) => others.includes(each))
}
