/** Rebuilds a graph node by node into another builder; the base of `expand` and of gradients. */
import type { Graph, GraphNode } from '../contract/graph.js'
import type { GraphBuilder, Value } from './builder.js'

/** Given a node and its operands in the new graph, the values of its outputs in the new graph. */
export type RewriteNode = (node: GraphNode, operands: readonly (Value | null)[]) => readonly Value[]

/** Values of the new graph by id of the old one. Outputs are left for the caller to declare; states are carried over. */
export function rewrite(graph: Graph, builder: GraphBuilder, each: RewriteNode): (Value | undefined)[] {
  const values: (Value | undefined)[] = []
  const typeOf = (id: number) => graph.types[id]
  for (const { name, value } of graph.inputs)
    values[value] = builder.input(name, typeOf(value).shape, typeOf(value).dtype)
  for (const { name, value } of graph.parameters) values[value] = builder.parameter(name, typeOf(value).shape)
  for (const { name, input } of graph.states)
    values[input] = builder.state(name, typeOf(input).shape, typeOf(input).dtype)
  for (const node of graph.nodes) {
    const operands = node.inputs.map((id) => (id === null ? null : values[id]!))
    each(node, operands).forEach((value, index) => (values[node.outputs[index]] = value))
  }
  for (const { input, output } of graph.states) builder.updateState(values[input]!, values[output]!)
  return values
}
