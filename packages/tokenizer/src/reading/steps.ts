/** Normalizers, pre-tokenizers, post-processors and decoders share one shape: nothing, one step, or a `Sequence` of steps. */
import { asFields, asList, asText, field, refuseUnknownKeys, type Fields } from './fields.js'

export interface Step {
  readonly type: string
  readonly fields: Fields
  /** Where in the file, for errors. */
  readonly path: string
}

/** The steps in order. A `Sequence` inside a `Sequence` comes out as a step of that type, which no reader knows. */
export function readSteps(value: unknown, path: string, listKey: string): Step[] {
  if (value === null || value === undefined) return []
  const step = readStep(value, path)
  if (step.type !== 'Sequence') return [step]
  refuseUnknownKeys(step.fields, path, ['type', listKey])
  const at = `${path}.${listKey}`
  return asList(field(step.fields, listKey), at).map((item, i) => readStep(item, `${at}[${i}]`))
}

function readStep(value: unknown, path: string): Step {
  const fields = asFields(value, path)
  return { type: asText(field(fields, 'type'), `${path}.type`), fields, path }
}
