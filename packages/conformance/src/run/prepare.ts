/** From a case to a graph and all its numbers. */
import {
  type Graph,
  type NamedTensors,
  type Numbers64ByName,
  type TensorData,
  type WeightData,
  GraphBuilder,
  check,
  decodeWeight,
} from '@retnet/core'
import type { CaseBody, OpCase } from '../case.js'
import { encodeWeight } from '../values/encode.js'
import { uniform } from '../values/make.js'

export interface PreparedCase {
  readonly graph: Graph
  readonly inputs: NamedTensors
  readonly states: NamedTensors
  readonly weights: Readonly<Record<string, WeightData>>
  /** Inputs and decoded weights for the interpreter. */
  readonly exact: Numbers64ByName
  readonly exactStates: Numbers64ByName
}

export function caseGraph({ id, build }: OpCase): Graph {
  const builder = new GraphBuilder(id)
  for (const [name, value] of Object.entries(build(builder))) builder.output(name, value)
  return builder.build()
}

/** Makes the numbers that `graph` needs; `graph` is the graph of the case or one derived from it. */
export function prepare(opCase: OpCase, graph: Graph): PreparedCase {
  check(graph)
  const make = (name: string, value: number) => numbersOf(opCase, graph, name, value)
  const inputs = record(graph.inputs.map(({ name, value }) => [name, make(name, value)]))
  const states = record(graph.states.map(({ name, input }) => [name, make(name, input)]))
  const weights = record(
    graph.parameters.map(({ name, value }) => {
      const encoding = opCase.encodings?.[name] ?? 'f32'
      return [name, encodeWeight(graph.types[value], encoding, make(name, value) as Float32Array)]
    }),
  )
  const decoded = record(Object.entries(weights).map(([name, weight]) => [name, decodeWeight(weight)]))
  return { graph, inputs, states, weights, exact: { ...exact(inputs), ...decoded }, exactStates: exact(states) }
}

function numbersOf(body: CaseBody & { id: string }, graph: Graph, name: string, value: number): TensorData {
  const type = graph.types[value]
  const make = body.values?.[name] ?? uniform(-1, 1)
  const numbers = make(type, `${body.id}/${name}`)
  const kind = type.dtype === 'i32' ? Int32Array : Float32Array
  if (numbers instanceof kind) return numbers
  throw new Error(`${body.id}: ${name} is ${type.dtype}, but its maker gives other numbers.`)
}

function exact(tensors: NamedTensors): Numbers64ByName {
  return record(
    Object.entries(tensors).map(([name, data]) => [name, data instanceof Int32Array ? data : Float64Array.from(data)]),
  )
}

function record<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries(entries)
}
