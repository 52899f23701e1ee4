/** What a model file says of itself in its metadata: how its weights are packed, and what else the writer knows. */
import type { Graph, WeightEncoding } from '@retnet/core'

/** Keys of the metadata. */
export const metadataKeys = {
  /** JSON of name to encoding and shape. */
  weights: 'retnet.weights',
  /** JSON of names. */
  states: 'retnet.states',
  /** JSON of the specification of the model. */
  spec: 'retnet.spec',
  /** Fingerprint of the checkpoint, so that snapshots go from it to the export and back. */
  fingerprint: 'retnet.fingerprint',
  /** SHA-256 of tokenizer.json in hexadecimal. */
  tokenizer: 'retnet.tokenizer',
} as const

export interface WeightNote {
  readonly encoding: WeightEncoding
  readonly shape: readonly number[]
}

export function describeWeights(
  graph: Graph,
  weights: Readonly<Record<string, { readonly encoding: WeightEncoding }>>,
): Readonly<Record<string, string>> {
  const notes = graph.parameters.map(({ name, value }): [string, WeightNote] => [
    name,
    { encoding: weights[name].encoding, shape: graph.types[value].shape },
  ])
  return {
    [metadataKeys.weights]: JSON.stringify(Object.fromEntries(notes)),
    [metadataKeys.states]: JSON.stringify(graph.states.map(({ name }) => name)),
  }
}
