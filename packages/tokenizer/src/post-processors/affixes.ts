/** What post-processors put around one text: all that matters to ids. Pairs and segments are the business of `templates.ts`. */
import { asFields, asId, asList, field, need, type Fields } from '../reading/fields.js'
import { readSteps, readWith, type Step } from '../reading/steps.js'
import type { Templates } from './templates.js'

export interface PostProcessor {
  /** Ids before the text. */
  readonly before: readonly number[]
  /** Ids behind the text. */
  readonly after: readonly number[]
  /** The same with segments, and what pairs become, where somebody asked for it. */
  readonly templates?: Templates
}

/** Reads `post_processor` of a file that has `size` tokens. */
export type PostProcessorReader = (value: unknown, size: number) => PostProcessor

type Ids = readonly number[]

/** Reads `cls` and `sep`, of BERT and its kind. */
export function readAround({ fields, path }: Step): [Ids, Ids] {
  const [cls, sep] = ['cls', 'sep'].map((key) => [
    asId(asList(field(fields, key), `${path}.${key}`)[1], `${path}.${key}`),
  ])
  return [cls, sep]
}

/** Ids of a piece of a template, undefined for a text. */
export function idsOfPiece(piece: unknown, { fields, path }: Step): Ids | undefined {
  const token = field(asFields(piece, path), 'SpecialToken')
  if (token === undefined) {
    asFields(field(piece as Fields, 'Sequence'), `${path}: a piece`)
    return undefined
  }
  const known = asFields(field(fields, 'special_tokens'), `${path}.special_tokens`)
  const { ids } = asFields(field(known, String(field(asFields(token, path), 'id'))), `${path}.special_tokens`)
  return asList(ids, `${path}.special_tokens`).map((id) => asId(id, `${path}.special_tokens`))
}

const affixReaders: Readonly<Record<string, (step: Step) => [Ids, Ids]>> = {
  ByteLevel: () => [[], []],
  RobertaProcessing: readAround,
  BertProcessing: readAround,
  TemplateProcessing(step) {
    const path = `${step.path}.single`
    const pieces = asList(field(step.fields, 'single'), path).map((piece) => idsOfPiece(piece, step))
    const at = pieces.indexOf(undefined)
    need(at >= 0 && at === pieces.lastIndexOf(undefined), path, 'Sequence A exactly once', pieces)
    return [pieces.slice(0, at).flatMap((ids) => ids!), pieces.slice(at + 1).flatMap((ids) => ids!)]
  },
}

/** Each step surrounds what the steps before it made. */
export const readAffixes: PostProcessorReader = (value, size) => {
  let before: Ids = []
  let after: Ids = []
  for (const step of readSteps(value, 'post_processor', 'processors')) {
    const [left, right] = readWith(affixReaders, step)
    before = [...left, ...before]
    after = [...after, ...right]
  }
  checkIds([...before, ...after], size)
  return { before, after }
}

export function checkIds(ids: Ids, size: number): void {
  for (const id of ids) need(id < size, 'post_processor', `ids below ${size}, the number of tokens`, id)
}
