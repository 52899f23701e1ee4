/** Reverse-mode differentiation, graph to graph. */
import type { Graph } from '../contract/graph.js'
import type { OpName } from '../contract/op-map.js'
import { sizeOf, showType } from '../contract/tensor.js'
import { GraphError } from '../errors/graph-error.js'
import { GraphBuilder, type Value } from '../graph/builder.js'
import { prune } from '../graph/prune.js'
import { rewrite } from '../graph/rewrite.js'
import { add } from '../ops/elementwise.js'
import { fill } from '../ops/structure.js'
import { type Vjp, vjps } from './vjp-table.js'

export interface GradientOptions {
  /** Name of the output to differentiate; it must have one element. */
  readonly loss: string
  /** Names of inputs, parameters or states to differentiate by. Default: every parameter. */
  readonly by?: readonly string[]
}

/** The same graph with one more output `grad.NAME` for each name of `by`, shaped like it. */
export function gradient(graph: Graph, options: GradientOptions): Graph {
  const builder = new GraphBuilder(`${graph.name}.gradient`)
  const values = rewrite(graph, builder, (node, operands) => builder.append(node.op, operands, node.attributes))
  for (const { name, value } of graph.outputs) builder.output(name, values[value]!)
  const gradients = backward(graph, values, lossOf(graph, options.loss))
  for (const name of options.by ?? graph.parameters.map((parameter) => parameter.name)) {
    const value = values[sourceOf(graph, name)]!
    builder.output(`grad.${name}`, gradients[value.id] ?? fill(builder, value.type.shape, 0))
  }
  return prune(builder.build())
}

/** Gradients by id in the new graph, whose values are `values` by id in the old one. */
function backward(graph: Graph, values: readonly (Value | undefined)[], lossId: number): (Value | undefined)[] {
  const loss = values[lossId]!
  const gradients: (Value | undefined)[] = []
  gradients[loss.id] = fill(loss.builder, loss.type.shape, 1)
  for (const node of graph.nodes.toReversed()) {
    const results = node.outputs.map((id) => values[id]!)
    const given = results.map((value) => gradients[value.id] ?? null)
    if (given.every((value) => value === null)) continue
    const operands = node.inputs.map((id) => (id === null ? null : values[id]!))
    const vjp = vjps[node.op] as Vjp<OpName>
    vjp({ operands, results, attributes: node.attributes, gradients: given }).forEach((part, index) => {
      const operand = operands[index]
      if (!part || !operand) return
      const known = gradients[operand.id]
      gradients[operand.id] = known ? add(known, part) : part
    })
  }
  return gradients
}

function lossOf(graph: Graph, name: string): number {
  const output = graph.outputs.find((candidate) => candidate.name === name)
  if (!output) throw new GraphError(`gradient: the graph has no output ${name}.`)
  const type = graph.types[output.value]
  if (sizeOf(type.shape) === 1) return output.value
  throw new GraphError(`gradient: expected the loss ${name} to have one element, got ${showType(type)}. Sum it first.`)
}

function sourceOf(graph: Graph, name: string): number {
  const named = [...graph.inputs, ...graph.parameters].find((candidate) => candidate.name === name)
  const state = graph.states.find((candidate) => candidate.name === name)
  const value = named?.value ?? state?.input
  if (value === undefined) throw new GraphError(`gradient: the graph has no input, parameter or state ${name}.`)
  return value
}
