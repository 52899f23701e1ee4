import type { Graph } from '../contract/graph.js'

/** The graph without the nodes that no output and no state needs. Values keep their ids. */
export function prune(graph: Graph): Graph {
  const needed = new Set([...graph.outputs.map(({ value }) => value), ...graph.states.map(({ output }) => output)])
  const nodes = graph.nodes.toReversed().filter((node) => {
    if (!node.outputs.some((id) => needed.has(id))) return false
    for (const id of node.inputs) if (id !== null) needed.add(id)
    return true
  })
  return { ...graph, nodes: nodes.toReversed() }
}

/** The graph without the parameters that no node reads. */
export function dropUnusedParameters(graph: Graph): Graph {
  const read = new Set<number | null>(graph.nodes.flatMap((node) => node.inputs))
  return { ...graph, parameters: graph.parameters.filter(({ value }) => read.has(value)) }
}
