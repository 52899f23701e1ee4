/** Vector-Jacobian products, one per op: from the gradients of a node's outputs to the gradients of its operands. */
import type { OpMap, OpName } from '../contract/op-map.js'
import type { Value } from '../graph/builder.js'
import { contractionVjps } from './vjp-contraction.js'
import { elementwiseVjps } from './vjp-elementwise.js'
import { lossVjps } from './vjp-loss.js'
import { normVjps } from './vjp-norm.js'
import { retentionVjps } from './vjp-retention.js'
import { sampleVjps } from './vjp-sample.js'
import { structureVjps } from './vjp-structure.js'

export interface VjpArguments<Op extends OpName> {
  readonly operands: readonly (Value | null)[]
  readonly results: readonly Value[]
  readonly attributes: OpMap[Op]
  /** Gradient of the loss by each result; null where the result does not reach the loss. At least one is given. */
  readonly gradients: readonly (Value | null)[]
}

/** Gradient by each operand; null for integers and absent operands. */
export type Vjp<Op extends OpName> = (args: VjpArguments<Op>) => readonly (Value | null)[]

export type Vjps<Ops extends OpName> = { readonly [Op in Ops]: Vjp<Op> }

export const vjps: Vjps<OpName> = {
  ...structureVjps,
  ...elementwiseVjps,
  ...contractionVjps,
  ...normVjps,
  ...retentionVjps,
  ...sampleVjps,
  ...lossVjps,
}
