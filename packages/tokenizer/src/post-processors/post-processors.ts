/** All post-processors, for one text and for two. */
import type { StepReaders } from '../catalog.js'
import { asBoolean, field, orElse, wrong } from '../reading/fields.js'
import type { Step } from '../reading/steps.js'
import type { PostProcessor } from './read-post-processor.js'
import { countTexts, readAround, readSingle, readTemplate, textA, type TemplatePiece } from './template.js'

const textB: TemplatePiece = { ...textA, sequence: 1 }
const yes = orElse(asBoolean, true)

export const postProcessors: StepReaders<PostProcessor> = {
  ByteLevel: (step) => ({ single: [textA], pair: [textA, { ...textB, typeId: 1 }], trim: readTrim(step) }),
  RobertaProcessing(step) {
    const single = readAround(step)
    const sep = single[2]
    return { single, pair: [...single, sep, textB, sep], trim: readTrim(step) }
  },
  BertProcessing(step) {
    const single = readAround(step)
    return { single, pair: [...single, { ...textB, typeId: 1 }, { ...single[2], typeId: 1 }], trim: undefined }
  },
  TemplateProcessing(step) {
    const single = readSingle(step)
    const pair = field(step.fields, 'pair') === undefined ? undefined : readTemplate(step, 'pair')
    if (pair && (countTexts(pair, 0) !== 1 || countTexts(pair, 1) !== 1)) {
      throw wrong(`${step.path}.pair`, 'Sequence A and Sequence B, each exactly once', pair)
    }
    return { single, pair, trim: undefined }
  },
}

function readTrim({ fields, path }: Step): PostProcessor['trim'] {
  const flag = (key: string): boolean => yes(field(fields, key), `${path}.${key}`)
  return flag('trim_offsets') ? { prefixed: flag('add_prefix_space') } : undefined
}
