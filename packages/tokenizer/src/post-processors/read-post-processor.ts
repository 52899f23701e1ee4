/** Reads what a `post_processor` puts around texts, and whether it trims spaces off offsets. */
import type { StepReaders } from '../catalog.js'
import { describe } from '../reading/describe.js'
import { asBoolean, asFields, asId, asList, asText, field, wrong, type Fields } from '../reading/fields.js'
import { readSteps, readWith, type Step } from '../reading/steps.js'

/** A piece of a template: ids of special tokens, or one of the two texts. */
export interface TemplatePiece {
  /** Undefined for a text. */
  readonly ids: readonly number[] | undefined
  /** 0 for the first text, 1 for the second. */
  readonly sequence: 0 | 1
  readonly typeId: number
}

export type Template = readonly TemplatePiece[]

export interface PostProcessor {
  readonly single: Template
  /** Undefined where the file says nothing on pairs. */
  readonly pair: Template | undefined
  /** Whether spaces at the ends of tokens are left out of offsets, and whether one of them was put before the text. */
  readonly trim: { readonly prefixed: boolean } | undefined
}

const textA: TemplatePiece = { ids: undefined, sequence: 0, typeId: 0 }
const textB: TemplatePiece = { ids: undefined, sequence: 1, typeId: 1 }
const nothing: PostProcessor = { single: [textA], pair: [textA, textB], trim: undefined }
const special = (id: number, typeId: number): TemplatePiece => ({ ids: [id], sequence: 0, typeId })

export const postProcessors: StepReaders<PostProcessor> = {
  ByteLevel: (step: Step): PostProcessor => ({ ...nothing, trim: readTrim(step, true) }),
  RobertaProcessing: readRoberta,
  BertProcessing: readBert,
  TemplateProcessing: readTemplates,
}

export function readPostProcessor(value: unknown, readers: StepReaders<PostProcessor>, size: number): PostProcessor {
  // Each step surrounds what the steps before it made.
  const result = readSteps(value, 'post_processor', 'processors')
    .map((step) => readWith(readers, step))
    .reduce(surround, nothing)
  for (const id of [...result.single, ...(result.pair ?? [])].flatMap(({ ids }) => ids ?? [])) {
    if (id >= size) throw wrong('post_processor', `ids below ${size}, the number of tokens`, id)
  }
  return result
}

function surround(inner: PostProcessor, outer: PostProcessor): PostProcessor {
  const single = outer.single.flatMap((piece) => (piece.ids ? piece : inner.single))
  const trim = outer.trim ?? inner.trim
  if (inner.single.length === 1) return { ...outer, single: outer.single, trim }
  // Two templates in one another: what pairs become is not said.
  return { single, pair: outer.single.length === 1 ? inner.pair : undefined, trim }
}

function readTrim({ fields, path }: Step, usual: boolean): { prefixed: boolean } | undefined {
  const flag = (key: string): boolean => asBoolean(field(fields, key) ?? usual, `${path}.${key}`)
  return flag('trim_offsets') ? { prefixed: flag('add_prefix_space') } : undefined
}

function readClsSep({ fields, path }: Step): [cls: number, sep: number] {
  const id = (key: string): number => asId(asList(field(fields, key), `${path}.${key}`)[1], `${path}.${key}[1]`)
  return [id('cls'), id('sep')]
}

function readRoberta(step: Step): PostProcessor {
  const [cls, sep] = readClsSep(step)
  const single = [special(cls, 0), textA, special(sep, 0)]
  return {
    single,
    pair: [...single, special(sep, 0), { ...textB, typeId: 0 }, special(sep, 0)],
    trim: readTrim(step, true),
  }
}

function readBert(step: Step): PostProcessor {
  const [cls, sep] = readClsSep(step)
  const single = [special(cls, 0), textA, special(sep, 0)]
  return { single, pair: [...single, textB, special(sep, 1)], trim: undefined }
}

function readTemplates({ fields, path }: Step): PostProcessor {
  const tokens = asFields(field(fields, 'special_tokens'), `${path}.special_tokens`)
  const read = (key: string): TemplatePiece[] =>
    asList(field(fields, key), `${path}.${key}`).map((item, i) => readPiece(item, tokens, path, `${path}.${key}[${i}]`))
  const single = read('single')
  if (countTexts(single, 0) !== 1 || countTexts(single, 1) > 0) {
    throw wrong(`${path}.single`, 'Sequence A exactly once', single)
  }
  const pair = field(fields, 'pair') === undefined ? undefined : read('pair')
  if (pair && (countTexts(pair, 0) !== 1 || countTexts(pair, 1) !== 1)) {
    throw wrong(`${path}.pair`, 'Sequence A and Sequence B, each exactly once', pair)
  }
  return { single, pair, trim: undefined }
}

const countTexts = (template: Template, sequence: 0 | 1): number =>
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
