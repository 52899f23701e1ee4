/** Reads `decoder`: one step or a sequence of them. */
import type { StepReaders } from '../catalog.js'
import { readSteps, readWith } from '../reading/steps.js'
import { join, spaced, type Decoder, type DecoderStage } from './decoder.js'

/** Steps that hand on one token, in parts. */
const FUSING = ['Fuse', 'ByteLevel']

export interface DecoderPlan {
  /** Whether the file names `ByteLevel` alone, for which there is a table of bytes. */
  readonly isByteLevel: boolean
  create(): DecoderStage
}

export function readDecoder(value: unknown, readers: StepReaders<Decoder>): DecoderPlan {
  const steps = readSteps(value, 'decoder', 'decoders')
  const decoders = steps.map((step) => readWith(readers, step))
  // As in the reference, an empty list of steps joins the tokens as they are.
  if (steps.length === 0) return { isByteLevel: false, create: () => spaced(false) }
  return {
    isByteLevel: steps.length === 1 && steps[0].type === 'ByteLevel',
    create() {
      const stages = decoders.map((make, i) => make(steps.slice(0, i).some(({ type }) => FUSING.includes(type))))
      return stages.reduceRight((after, stage) => join(stage, after))
    },
  }
}
