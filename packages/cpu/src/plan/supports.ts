/** Which nodes the kernels can run. */
import type { Graph, GraphNode, OpName } from '@retnet/core'
import { outerAxes } from './axes.js'

export type UnsupportedOp = Extract<OpName, 'sample' | 'accept'>

/** Logits are in host memory here: whoever asks for them draws as fast as a kernel would. */
export const noSampling = 'tokens are drawn from the logits by the caller'

/** True, or the reason why not. */
export function supports(node: GraphNode, graph: Graph): true | string {
  if (node.op === 'sample' || node.op === 'accept') return noSampling
  const ranks = [...node.inputs, ...node.outputs].map((value) => (value === null ? 0 : graph.types[value].shape.length))
  const rank = Math.max(...ranks)
  return rank <= outerAxes + 1 ? true : `tensors have at most ${outerAxes + 1} axes here, this one ${rank}`
}
