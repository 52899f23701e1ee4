/** What a program refuses to run on: inputs that do not fit, and integers that an op cannot use, found from the ops that read them. */
import type { Graph, GraphNode, ValueId } from '../contract/graph.js'
import { type NamedTensors, type TensorData, sizeOf } from '../contract/tensor.js'
import { GraphError } from '../errors/graph-error.js'

interface Range {
  readonly low: number
  readonly high: number
  readonly reason: string
}

export interface InputRule {
  readonly name: string
  readonly value: ValueId
  readonly dtype: 'f32' | 'i32'
  readonly size: number
  readonly ranges: readonly Range[]
}

/** One rule an input: ids, masks, targets and positions have ranges. */
export function inputRules(graph: Graph): InputRule[] {
  const ranges = new Map<ValueId, Range[]>()
  const require = (value: ValueId | null, wanted: readonly Range[]) => {
    if (value !== null && wanted.length > 0) ranges.set(value, [...(ranges.get(value) ?? []), ...wanted])
  }
  for (const node of graph.nodes.toReversed()) {
    for (const [index, input] of node.inputs.entries()) require(input, rangesOf(graph, node, index))
    if (movesNumbers(node)) for (const input of node.inputs) require(input, ranges.get(node.outputs[0]) ?? [])
  }
  return graph.inputs.map(({ name, value }) => {
    const { dtype, shape } = graph.types[value]
    return { name, value, dtype, size: sizeOf(shape), ranges: ranges.get(value) ?? [] }
  })
}

/** Throws GraphError at the first input that is missing, unknown, of a wrong size or kind, or out of range. */
export function checkInputs(rules: readonly InputRule[], inputs: NamedTensors): void {
  const extra = Object.keys(inputs).find((name) => !rules.some((rule) => rule.name === name))
  if (extra !== undefined) {
    throw new GraphError(
      `run: there is no input ${extra}; the graph has ${rules.map(({ name }) => name).join(', ') || 'none'}.`,
    )
  }
  for (const rule of rules) {
    checkKind(rule, inputs[rule.name])
    for (const range of rule.ranges) checkRange(rule.name, range, inputs[rule.name])
  }
}

function checkKind({ name, dtype, size }: InputRule, data: TensorData | undefined): void {
  const kind = dtype === 'i32' ? Int32Array : Float32Array
  if (data instanceof kind && data.length === size) return
  const actual = data === undefined ? 'nothing' : `${data.length} in a ${data.constructor.name}`
  throw new GraphError(`run: expected ${size} numbers in a ${kind.name} for the input ${name}, got ${actual}.`)
}

function checkRange(name: string, { low, high, reason }: Range, data: TensorData): void {
  const index = data.findIndex((value) => value < low || value > high)
  if (index < 0) return
  throw new GraphError(
    `run: expected ${reason} from ${low} to ${high} in the input ${name}, got ${data[index]} at index ${index}.`,
  )
}

function movesNumbers({ op }: GraphNode): boolean {
  return op === 'reshape' || op === 'transpose' || op === 'slice' || op === 'concat' || op === 'broadcast'
}

const binary: Range = { low: 0, high: 1, reason: 'a mask' }

function rangesOf(graph: Graph, node: GraphNode, index: number): Range[] {
  const extent = (input: number, axis: number) => graph.types[node.inputs[input]!].shape.at(axis)!
  if (node.op === 'embed' && index === 1) return [{ low: 0, high: extent(0, 0) - 1, reason: 'ids' }]
  if (node.op === 'scatterAdd' && index === 1) return [{ low: 0, high: node.attributes.rows - 1, reason: 'ids' }]
  if (node.op === 'positions' && index === 1) return [binary]
  if (node.op === 'retention' && index === 3) return [binary]
  if (node.op === 'accept' && index === 2) return [binary]
  if (node.op === 'accept' && index === 0 && node.inputs[4] !== null) {
    return [{ low: -1, high: extent(4, 1) - 1, reason: 'drawn ids' }]
  }
  if (node.op === 'decayNorm' && index === 1) return [{ low: 0, high: 2 ** 31 - 1, reason: 'positions' }]
  const loss = node.op === 'crossEntropy' || node.op === 'crossEntropyGrad'
  return loss && index === 1 ? [{ low: -1, high: extent(0, -1) - 1, reason: 'targets' }] : []
}
