/** Which nodes the kernels can run. */
import type { Graph, GraphNode } from '@retnet/core'
import { outerAxes } from './axes.js'

/** True, or the reason why not. */
export function supports(node: GraphNode, graph: Graph): true | string {
  const ranks = [...node.inputs, ...node.outputs].map((value) => (value === null ? 0 : graph.types[value].shape.length))
  const rank = Math.max(...ranks)
  return rank <= outerAxes + 1 ? true : `tensors have at most ${outerAxes + 1} axes here, this one ${rank}`
}
