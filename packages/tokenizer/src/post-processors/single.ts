/** Post-processors as far as they matter to ids of one text. */
import type { StepReaders } from '../catalog.js'
import type { PostProcessor } from './read-post-processor.js'
import { readAround, readSingle, textA, type Template } from './template.js'

const only = (single: Template): PostProcessor => ({ single, pair: undefined, trim: undefined })

export const singlePostProcessors: StepReaders<PostProcessor> = {
  ByteLevel: () => only([textA]),
  RobertaProcessing: (step) => only(readAround(step)),
  TemplateProcessing: (step) => only(readSingle(step)),
}
