/** Replaces ops that a backend does not have by their reference decomposition into simpler ops. */
import type { Graph, GraphNode } from '../contract/graph.js'
import type { OpMap, OpName } from '../contract/op-map.js'
import { UnsupportedError } from '../errors/unsupported-error.js'
import { activationExpansions } from '../expansions/activation.js'
import { normExpansions } from '../expansions/norm.js'
import { retentionExpansion } from '../expansions/retention.js'
import { GraphBuilder, type Value } from './builder.js'
import { rewrite } from './rewrite.js'

export type Expansion<Op extends OpName> = (
  operands: readonly (Value | null)[],
  attributes: OpMap[Op],
) => readonly Value[]

export type Expansions = { readonly [Op in OpName]?: Expansion<Op> }

export const expansions: Expansions = { ...activationExpansions, ...normExpansions, ...retentionExpansion }

/** True, or the reason why not: `Backend.supports`. */
export type Supports = (node: GraphNode, graph: Graph) => true | string

/** A graph of the same meaning in which every op is supported, or UnsupportedError with the backend's reason. */
export function expand(graph: Graph, supports: Supports): Graph {
  if (graph.nodes.every((node) => supports(node, graph) === true)) return graph
  const builder = new GraphBuilder(graph.name)
  const values = rewrite(graph, builder, (node, operands) => {
    const verdict = supports(node, graph)
    if (verdict === true) return builder.append(node.op, operands, node.attributes)
    const expansion = expansions[node.op] as Expansion<OpName> | undefined
    if (expansion) return expansion(operands, node.attributes)
    throw new UnsupportedError(
      `op ${node.op}`,
      `the backend has no kernel: ${verdict}, and the op has no decomposition.`,
    )
  })
  for (const { name, value } of graph.outputs) builder.output(name, values[value]!)
  // a decomposition may itself hold an op that needs one
  return expand(builder.build(), supports)
}
