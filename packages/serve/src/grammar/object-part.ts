/** Objects: the members of a schema in their order, or any members where it lists none. */
import type { Part } from './automaton.js'
import { anyString, comma, list, member } from './json-parts.js'
import { rule, sequence, text } from './parts.js'
import { SchemaError } from './schema-error.js'
import { type Schema, pointer, readNames, readSchema } from './schema-keywords.js'

type PartOf = (schema: unknown, path: string) => Part

export function objectOf(schema: Schema, path: string, partOf: PartOf): Part {
  const properties = 'properties' in schema ? readProperties(schema.properties, `${path}/properties`) : {}
  const required = readNames(schema, 'required', path)
  const { additionalProperties: more = true, propertyNames } = schema
  const names = [...new Set([...Object.keys(properties), ...required])]
  if (names.length === 0) return openObject(more, propertyNames, path, partOf)
  requireNames(names, propertyNames, path)
  const members = names.map((name) => {
    const isListed = Object.hasOwn(properties, name)
    if (!isListed && more === false) throw new SchemaError(`${path}/required`, `${JSON.stringify(name)} is not allowed`)
    const at = isListed ? `${path}/properties${pointer(name)}` : `${path}/additionalProperties`
    const value = partOf(isListed ? properties[name] : more, at)
    return {
      part: rule({ name }, () => member(text(JSON.stringify(name)), value)),
      isRequired: required.includes(name),
    }
  })
  return sequence(text('{'), inOrder(members), text('}'))
}

function readProperties(value: unknown, path: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new SchemaError(path, 'expected an object')
}

function openObject(more: unknown, propertyNames: unknown, path: string, partOf: PartOf): Part {
  if (more === false) return text('{}')
  const key = propertyNames === undefined ? anyString : partOf(stringsOf(propertyNames, path), `${path}/propertyNames`)
  return sequence(text('{'), list(member(key, partOf(more, `${path}/additionalProperties`)), 0, Infinity), text('}'))
}

function stringsOf(propertyNames: unknown, path: string): Schema {
  return { ...readSchema(propertyNames, `${path}/propertyNames`), type: 'string' }
}

/** Which names a rule for names allows is only known where it lists them. */
function requireNames(names: readonly string[], propertyNames: unknown, path: string): void {
  if (propertyNames === undefined) return
  const allowed = readNames(readSchema(propertyNames, `${path}/propertyNames`), 'enum', `${path}/propertyNames`)
  if (names.every((name) => allowed.includes(name))) return
  throw new SchemaError(`${path}/propertyNames`, 'expected an enum of all names that the object lists')
}

interface Member {
  readonly part: Part
  readonly isRequired: boolean
}

/** Two tracks: before the first member that is written, and behind it, where a comma comes first. */
function inOrder(members: readonly Member[]): Part {
  return (builder, from) => {
    let before: number | null = from
    let behind: number | null = null
    for (const { part, isRequired } of members) {
      const next = builder.state()
      if (before !== null) builder.jump(part(builder, before), next)
      if (behind !== null) builder.jump(sequence(comma, part)(builder, behind), next)
      if (!isRequired && behind !== null) builder.jump(behind, next)
      if (isRequired) before = null
      behind = next
    }
    const end = builder.state()
    for (const last of [before, behind]) if (last !== null) builder.jump(last, end)
    return end
  }
}
