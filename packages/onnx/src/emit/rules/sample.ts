import { UnsupportedError } from '@retnet/core'
import type { EmitRules } from '../emitter.js'

/** ONNX has no counter-based random numbers; logits leave the graph, and whoever runs it draws. */
export const noSampling = 'tokens are drawn from the logits by the caller'

function refuse(op: string): never {
  throw new UnsupportedError(
    `op ${op}`,
    `ONNX cannot express it: ${noSampling}.`,
    'Emit a graph that ends with logits.',
  )
}

export const sampleRules: EmitRules<'sample' | 'accept'> = {
  sample: () => refuse('sample'),
  accept: () => refuse('accept'),
}
