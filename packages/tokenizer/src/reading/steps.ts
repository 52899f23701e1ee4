/** Normalizers, pre-tokenizers, post-processors and decoders share one shape: nothing, one step, or a `Sequence` of steps. */
import { UnsupportedTokenizerError } from '../errors.js'
import { asFields, asIs, asList, asText, field, need, readFields, type Fields, type Read } from './fields.js'

export interface Step {
  readonly type: string
  readonly fields: Fields
  /** Where in the file, for errors. */
  readonly path: string
}

/** `readFields` for a step or a model, which have a type besides. */
export function readSettings<T extends object>(
  { fields, path }: Omit<Step, 'type'>,
  readers: { readonly [K in keyof T]: Read<T[K]> },
): T {
  return readFields(fields, path, { type: asIs, ...readers }) as T
}

/** A reader for a step that has no settings. */
export function plain<T>(part: T): (step: Step) => T {
  return (step) => {
    readSettings(step, {})
    return part
  }
}

const DEEPEST = 16

/** The steps in order, those of a `Sequence` in a `Sequence` in their place. */
export function readSteps(value: unknown, path: string, listKey: string, depth = 0): Step[] {
  if (value === null || value === undefined) return []
  const fields = asFields(value, path)
  const type = asText(field(fields, 'type'), `${path}.type`)
  if (type !== 'Sequence') return [{ type, fields, path }]
  need(depth < DEEPEST, path, `at most ${DEEPEST} sequences in one another`, value)
  const list = readSettings({ fields, path }, { [listKey]: asList })[listKey]
  return list.flatMap((item, i) => readSteps(item, `${path}.${listKey}[${i}]`, listKey, depth + 1))
}

/** Reads a step with the reader of its type. */
export function readWith<T>(readers: Readonly<Record<string, (step: Step) => T>>, step: Step): T {
  if (Object.hasOwn(readers, step.type)) return readers[step.type](step)
  throw new UnsupportedTokenizerError(`${step.path}.type`, Object.keys(readers).join(', '), step.type)
}
