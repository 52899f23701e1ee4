/** The tensors of a state, for backends: which there are, and whether the numbers that somebody gives fit them. */
import type { Graph } from '../contract/graph.js'
import { type NamedTensors, type TensorType, showType, sizeOf } from '../contract/tensor.js'
import { GraphError } from '../errors/graph-error.js'

export type StateTensors = ReadonlyMap<string, TensorType>

export function stateTensors(graph: Graph): StateTensors {
  return new Map(graph.states.map(({ name, input }) => [name, graph.types[input]]))
}

/** Throws GraphError at the first tensor that is missing, unknown, of a wrong size or kind. */
export function requireTensors(expected: StateTensors, given: NamedTensors): void {
  for (const [name, type] of expected) {
    const data = given[name]
    const kind = data instanceof Int32Array ? 'i32' : 'f32'
    if (data && data.length === sizeOf(type.shape) && kind === type.dtype) continue
    const actual = data ? `${kind} of ${data.length}` : 'nothing'
    throw new GraphError(`state: expected ${name} to be ${showType(type)}, got ${actual}.`)
  }
  const extra = Object.keys(given).find((name) => !expected.has(name))
  if (extra !== undefined) throw new GraphError(`state: there is no ${extra} in it.`)
}
