/** Post-processors whole: for one text and for two, with segments, and whether they trim spaces off offsets. */
import type { StepReaders } from '../catalog.js'
import { asBoolean, field } from '../reading/fields.js'
import { readSteps, readWith, type Step } from '../reading/steps.js'
import { checkIds, readAround, type PostProcessorReader } from './affixes.js'
import { readTemplate, textA, type Template, type TemplatePiece } from './template-piece.js'

export interface Templates {
  readonly single: Template
  /** Undefined where the file says nothing on pairs. */
  readonly pair: Template | undefined
  /** Whether spaces at the ends of tokens are left out of offsets, and whether one of them was put before the text. */
  readonly trim: { readonly prefixed: boolean } | undefined
}

const textB: TemplatePiece = { ids: undefined, sequence: 1, typeId: 0 }
const textB1: TemplatePiece = { ids: undefined, sequence: 1, typeId: 1 }

const special = (ids: readonly number[], typeId = 0): TemplatePiece => ({ ids, sequence: 0, typeId })

const readers: StepReaders<Templates> = {
  ByteLevel: (step) => ({ single: [textA], pair: [textA, textB1], trim: readTrim(step) }),
  RobertaProcessing(step) {
    const [cls, sep] = readAround(step)
    const single = [special(cls), textA, special(sep)]
    return { single, pair: [...single, special(sep), textB, special(sep)], trim: readTrim(step) }
  },
  BertProcessing(step) {
    const [cls, sep] = readAround(step)
    const single = [special(cls), textA, special(sep)]
    return { single, pair: [...single, textB1, special(sep, 1)], trim: undefined }
  },
  TemplateProcessing(step) {
    const hasPair = field(step.fields, 'pair') !== undefined
    const single = readTemplate(step, 'single', '0')
    return { single, pair: hasPair ? readTemplate(step, 'pair', '0,1') : undefined, trim: undefined }
  },
}

/** Puts nothing around a text. */
const nothing: Templates = { single: [textA], pair: [textA, textB1], trim: undefined }

export const readTemplates: PostProcessorReader = (value, size) => {
  // Each step surrounds what the steps before it made.
  const templates = readSteps(value, 'post_processor', 'processors')
    .map((step) => readWith(readers, step))
    .reduce(surround, nothing)
  const { single, pair = [] } = templates
  const at = single.findIndex(({ ids }) => !ids)
  const idsOf = (pieces: Template): number[] => pieces.flatMap(({ ids }) => ids ?? [])
  checkIds(idsOf([...single, ...pair]), size)
  return { before: idsOf(single.slice(0, at)), after: idsOf(single.slice(at)), templates }
}

function surround(inner: Templates, outer: Templates): Templates {
  const single = outer.single.flatMap((piece) => (piece.ids ? piece : inner.single))
  const trim = outer.trim ?? inner.trim
  if (inner.single.length === 1) return { ...outer, single: outer.single, trim }
  // Two templates in one another: what pairs become is not said.
  return { single, pair: outer.single.length === 1 ? inner.pair : undefined, trim }
}

function readTrim({ fields, path }: Step): Templates['trim'] {
  const flag = (key: string): boolean => asBoolean(field(fields, key) ?? true, `${path}.${key}`)
  return flag('trim_offsets') ? { prefixed: flag('add_prefix_space') } : undefined
}
