/** How each op is written. A missing one does not compile. */
import type { Graph, GraphNode, OpName } from '@retnet/core'
import type { EmitRules } from '../emitter.js'
import { contractionRules } from './contraction.js'
import { elementwiseRules } from './elementwise.js'
import { lossRules } from './loss.js'
import { normRules } from './norm.js'
import { positionRules } from './position.js'
import { reductionRules } from './reduction.js'
import { retentionRules, reverseReason } from './retention.js'
import { noSampling, sampleRules } from './sample.js'
import { structureRules } from './structure.js'

export const rules: EmitRules<OpName> = {
  ...structureRules,
  ...elementwiseRules,
  ...reductionRules,
  ...contractionRules,
  ...normRules,
  ...positionRules,
  ...retentionRules,
  ...sampleRules,
  ...lossRules,
}

/** True, or the reason why the op has to be expanded into simpler ones, if it can be. */
export function expressible(node: GraphNode, _graph: Graph): true | string {
  if (node.op === 'sample' || node.op === 'accept') return noSampling
  return node.op === 'retention' && node.attributes.reverse ? reverseReason : true
}
