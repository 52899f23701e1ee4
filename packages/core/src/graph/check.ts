/** The rules of a well-formed graph, as code. Backends may rely on them; graphs from files must pass. */
import type { Graph, GraphNode } from '../contract/graph.js'
import { showType } from '../contract/tensor.js'
import { GraphError } from '../errors/graph-error.js'
import { infer, isOpName } from './infer.js'

/** Throws GraphError or ShapeError at the first rule that the graph breaks. */
export function check(graph: Graph): void {
  if (graph.specVersion !== 1) throw new GraphError(`graph: expected specVersion 1, got ${String(graph.specVersion)}.`)
  graph.types.forEach(checkType)
  const made = new Set<number>()
  const make = (what: string, value: number) => {
    if (!(value in graph.types)) throw new GraphError(`${what}: value ${value} has no type.`)
    if (made.has(value)) throw new GraphError(`${what}: value ${value} is made twice.`)
    made.add(value)
  }
  for (const { name, value } of [...graph.inputs, ...graph.parameters]) make(name, value)
  for (const { name, input } of graph.states) make(name, input)
  graph.nodes.forEach((node, index) => {
    checkNode(graph, node, index, made)
    for (const output of node.outputs) make(`node ${index} (${node.op})`, output)
  })
  for (const { name, value } of graph.outputs) requireMade(made, `output ${name}`, value)
  for (const state of graph.states) checkState(graph, state.name, state.input, state.output, made)
}

function checkType(type: Graph['types'][number], id: number): void {
  const whole = type.shape.every((extent) => Number.isSafeInteger(extent) && extent >= 0)
  if ((type.dtype !== 'f32' && type.dtype !== 'i32') || !whole) {
    throw new GraphError(`value ${id}: expected f32 or i32 with whole extents, got ${showType(type)}.`)
  }
}

function checkNode(graph: Graph, node: GraphNode, index: number, made: ReadonlySet<number>): void {
  const where = `node ${index} (${node.op})`
  if (!isOpName(node.op)) throw new GraphError(`node ${index}: ${String(node.op)} is not an op.`)
  for (const input of node.inputs) if (input !== null) requireMade(made, where, input)
  const operands = node.inputs.map((id) => (id === null ? null : graph.types[id]))
  const types = infer(node.op, operands, node.attributes as never)
  const declared = node.outputs.map((id) => graph.types[id])
  if (types.map(showType).join() === declared.map((type) => type && showType(type)).join()) return
  const actual = declared.map((type) => (type ? showType(type) : 'nothing')).join(', ')
  throw new GraphError(`${where}: gives ${types.map(showType).join(', ')}, but the graph declares ${actual}.`)
}

function checkState(graph: Graph, name: string, input: number, output: number, made: ReadonlySet<number>): void {
  requireMade(made, `state ${name}`, output)
  const [before, after] = [showType(graph.types[input]), showType(graph.types[output])]
  if (before !== after) throw new GraphError(`state ${name}: is ${before}, its next value ${after}.`)
}

function requireMade(made: ReadonlySet<number>, where: string, value: number): void {
  if (!made.has(value)) throw new GraphError(`${where}: value ${value} is used before it is made.`)
}
