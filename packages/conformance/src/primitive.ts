import { type Backend, type OpName, reference } from '@retnet/core'

const composite: ReadonlySet<OpName> = new Set(['silu', 'gelu', 'rmsNorm', 'layerNorm', 'retention'])

/**
 * The reference backend without the ops that have a decomposition: whatever runs on it tests the decompositions, forward and
 * backward, against the direct meaning of those ops.
 */
export function primitive(): Backend {
  return {
    ...reference(),
    name: 'primitive',
    supports: ({ op }) => !composite.has(op) || `${op} is left to its decomposition`,
  }
}
