/** Runs a graph op by op in float64: the definition of what every op means. Slow and obvious on purpose. */
import type { Graph, GraphNode } from '../contract/graph.js'
import { showType, sizeOf } from '../contract/tensor.js'
import { GraphError } from '../errors/graph-error.js'
import { contractionMeanings } from './contraction.js'
import { elementwiseMeanings } from './elementwise.js'
import { lossMeanings } from './loss.js'
import { normMeanings } from './norm.js'
import { positionMeanings } from './position.js'
import { reductionMeanings } from './reduction.js'
import { retentionMeanings } from './retention.js'
import { sampleMeanings } from './sample.js'
import { structureMeanings } from './structure.js'
import type { InterpretOptions, Meanings, Numbers64, Tensor64 } from './tensor64.js'

const meanings: Meanings<GraphNode['op']> = {
  ...structureMeanings,
  ...elementwiseMeanings,
  ...reductionMeanings,
  ...contractionMeanings,
  ...normMeanings,
  ...positionMeanings,
  ...retentionMeanings,
  ...sampleMeanings,
  ...lossMeanings,
}

export type Numbers64ByName = Readonly<Record<string, Numbers64>>

export interface InterpretResult {
  readonly outputs: Record<string, Numbers64>
  /** The next value of every state of the graph. */
  readonly states: Record<string, Numbers64>
}

/** `values`: inputs and parameters by name. `states` defaults to zeros. */
export function interpret(
  graph: Graph,
  values: Numbers64ByName,
  states: Numbers64ByName = {},
  options: InterpretOptions = {},
): InterpretResult {
  const known: (Numbers64 | undefined)[] = []
  for (const { name, value } of [...graph.inputs, ...graph.parameters])
    known[value] = given(graph, name, value, values[name])
  for (const { name, input } of graph.states) known[input] = states[name] ?? zeros(graph, input)
  for (const node of graph.nodes) runNode(graph, node, known, options)
  const named = (entries: readonly (readonly [string, number])[]) =>
    Object.fromEntries(entries.map(([name, value]) => [name, known[value]!]))
  return {
    outputs: named(graph.outputs.map(({ name, value }) => [name, value])),
    states: named(graph.states.map(({ name, output }) => [name, output])),
  }
}

function runNode(graph: Graph, node: GraphNode, known: (Numbers64 | undefined)[], options: InterpretOptions): void {
  const operand = (id: number | null): Tensor64 | null =>
    id === null ? null : { type: graph.types[id], data: known[id]! }
  const meaning = meanings[node.op] as Meanings<GraphNode['op']>[typeof node.op] & CallableFunction
  const types = node.outputs.map((id) => graph.types[id])
  const results = meaning(node.inputs.map(operand), node.attributes as never, types, options)
  node.outputs.forEach((id, index) => (known[id] = results[index]))
}

function given(graph: Graph, name: string, value: number, data: Numbers64 | undefined): Numbers64 {
  const type = graph.types[value]
  if (data && data.length === sizeOf(type.shape)) return data
  throw new GraphError(
    `${graph.name}: ${name} must be ${showType(type)}, got ${data ? `${data.length} numbers` : 'nothing'}.`,
  )
}

function zeros(graph: Graph, value: number): Numbers64 {
  const { dtype, shape } = graph.types[value]
  return dtype === 'i32' ? new Int32Array(sizeOf(shape)) : new Float64Array(sizeOf(shape))
}
