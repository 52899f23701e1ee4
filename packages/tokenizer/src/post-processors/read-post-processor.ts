/** Reads which ids a `post_processor` puts around a single text. Offsets and pairs of texts are not its concern here. */
import { UnsupportedTokenizerError } from '../errors.js'
import { describe } from '../reading/describe.js'
import { asFields, asId, asList, asText, field, wrong, type Fields } from '../reading/fields.js'
import { readSteps, type Step } from '../reading/steps.js'

export interface SurroundingIds {
  readonly before: readonly number[]
  readonly after: readonly number[]
}

const nothing: SurroundingIds = { before: [], after: [] }

export function readPostProcessor(value: unknown): SurroundingIds {
  // Each step surrounds what the steps before it made.
  return readSteps(value, 'post_processor', 'processors')
    .map(readStep)
    .reduce(
      (inner, outer) => ({ before: [...outer.before, ...inner.before], after: [...inner.after, ...outer.after] }),
      nothing,
    )
}

function readStep({ type, fields, path }: Step): SurroundingIds {
  if (type === 'ByteLevel') return nothing
  if (type === 'RobertaProcessing' || type === 'BertProcessing') return readClsSep(fields, path)
  if (type === 'TemplateProcessing') return readTemplate(fields, path)
  throw new UnsupportedTokenizerError(
    `${path}.type`,
    'ByteLevel, RobertaProcessing, BertProcessing, TemplateProcessing',
    type,
  )
}

function readClsSep(fields: Fields, path: string): SurroundingIds {
  const id = (key: string): number => asId(asList(field(fields, key), `${path}.${key}`)[1], `${path}.${key}[1]`)
  return { before: [id('cls')], after: [id('sep')] }
}

function readTemplate(fields: Fields, path: string): SurroundingIds {
  const special = asFields(field(fields, 'special_tokens'), `${path}.special_tokens`)
  const ids = asList(field(fields, 'single'), `${path}.single`).map((item, i) => readPiece(item, special, path, i))
  const text = ids.indexOf(undefined)
  if (text < 0 || text !== ids.lastIndexOf(undefined)) throw wrong(`${path}.single`, 'Sequence A exactly once', ids)
  return { before: ids.slice(0, text).flatMap((list) => list!), after: ids.slice(text + 1).flatMap((list) => list!) }
}

/** The ids of one piece of a template, undefined for the text itself. */
function readPiece(value: unknown, special: Fields, path: string, index: number): number[] | undefined {
  const at = `${path}.single[${index}]`
  const piece = asFields(value, at)
  const sequence = field(piece, 'Sequence')
  if (sequence !== undefined) {
    if (field(asFields(sequence, at), 'id') === 'A') return undefined
    throw wrong(`${at}.Sequence.id`, '"A"', field(asFields(sequence, at), 'id'))
  }
  const name = asText(field(asFields(field(piece, 'SpecialToken'), at), 'id'), `${at}.SpecialToken.id`)
  const where = `${path}.special_tokens[${describe(name)}]`
  const token = asFields(field(special, name), where)
  return asList(field(token, 'ids'), `${where}.ids`).map((id, i) => asId(id, `${where}.ids[${i}]`))
}
