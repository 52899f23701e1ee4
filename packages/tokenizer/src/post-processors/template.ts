/** Templates: the special tokens that a post-processor puts around a text or two. */
import { describe } from '../reading/describe.js'
import { asFields, asId, asList, asText, field, wrong, type Fields } from '../reading/fields.js'
import type { Step } from '../reading/steps.js'

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

/** `cls`, the text, and `sep`, of BERT and its kind. */
export function readAround({ fields, path }: Step): Template {
  const special = (key: string): TemplatePiece => {
    const id = asId(asList(field(fields, key), `${path}.${key}`)[1], `${path}.${key}[1]`)
    return { ids: [id], sequence: 0, typeId: 0 }
  }
  return [special('cls'), textA, special('sep')]
}

/** The template for one text of a `TemplateProcessing`. */
export function readSingle(step: Step): Template {
  const single = readTemplate(step, 'single')
  if (countTexts(single, 0) === 1 && countTexts(single, 1) === 0) return single
  throw wrong(`${step.path}.single`, 'Sequence A exactly once', single)
}

export function readTemplate({ fields, path }: Step, key: string): Template {
  const tokens = asFields(field(fields, 'special_tokens'), `${path}.special_tokens`)
  return asList(field(fields, key), `${path}.${key}`).map((item, i) =>
    readPiece(item, tokens, path, `${path}.${key}[${i}]`),
  )
}

export const countTexts = (template: Template, sequence: 0 | 1): number =>
  template.filter((piece) => !piece.ids && piece.sequence === sequence).length

function readPiece(value: unknown, tokens: Fields, path: string, at: string): TemplatePiece {
  const piece = asFields(value, at)
  const isText = field(piece, 'Sequence') !== undefined
  const inner = asFields(field(piece, isText ? 'Sequence' : 'SpecialToken'), at)
  const name = asText(field(inner, 'id'), `${at}.id`)
  const typeId = asId(field(inner, 'type_id') ?? 0, `${at}.type_id`)
  if (isText) {
    if (name !== 'A' && name !== 'B') throw wrong(`${at}.Sequence.id`, '"A" or "B"', name)
    return { ids: undefined, sequence: name === 'A' ? 0 : 1, typeId }
  }
  const where = `${path}.special_tokens[${describe(name)}]`
  const ids = asList(field(asFields(field(tokens, name), where), 'ids'), `${where}.ids`)
  return { ids: ids.map((id, i) => asId(id, `${where}.ids[${i}]`)), sequence: 0, typeId }
}
