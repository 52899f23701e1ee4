/** Reads a template: special tokens and texts in a row. */
import { asFields, asId, asList, field, need } from '../reading/fields.js'
import type { Step } from '../reading/steps.js'
import { idsOfPiece } from './affixes.js'

/** A piece of a template: ids of special tokens, or one of the two texts. */
export interface TemplatePiece {
  /** Undefined for a text. */
  readonly ids: readonly number[] | undefined
  /** 0 for the first text, 1 for the second. */
  readonly sequence: 0 | 1
  readonly typeId: number
}

export type Template = readonly TemplatePiece[]

export const textA: TemplatePiece = { ids: undefined, sequence: 0, typeId: 0 }

/** Reads a template in which each of `texts`, 0 and 1, stands once. */
export function readTemplate(step: Step, key: 'single' | 'pair', texts: string): Template {
  const path = `${step.path}.${key}`
  const template = asList(field(step.fields, key), path).map((item): TemplatePiece => {
    const piece = asFields(item, path)
    const ids = idsOfPiece(piece, step)
    const inner = asFields(field(piece, ids ? 'SpecialToken' : 'Sequence'), path)
    const name = field(inner, 'id')
    need(ids !== undefined || name === 'A' || name === 'B', path, 'Sequence A or B', name)
    return { ids, sequence: name === 'B' ? 1 : 0, typeId: asId(field(inner, 'type_id') ?? 0, path) }
  })
  const found = template.flatMap(({ ids, sequence }) => (ids ? [] : sequence)).toSorted((a, b) => a - b)
  need(
    found.join() === texts,
    path,
    `Sequence ${texts === '0' ? 'A' : 'A and Sequence B, each'} exactly once`,
    template,
  )
  return template
}
