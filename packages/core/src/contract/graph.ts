/** A model as plain JSON-able data: no classes, no closures. It can be printed, compared, stored and sent to a worker. */
import type { OpMap, OpName } from './op-map.js'
import type { TensorType } from './tensor.js'

/** Index into `Graph.types`. */
export type ValueId = number

/** One operation. An optional input that is absent is `null`. */
export type GraphNode<Op extends OpName = OpName> = {
  [O in Op]: {
    readonly op: O
    readonly inputs: readonly (ValueId | null)[]
    readonly outputs: readonly ValueId[]
    readonly attributes: OpMap[O]
  }
}[Op]

export interface NamedValue {
  readonly name: string
  readonly value: ValueId
}

/** A tensor that lives between runs: it is read as `input` and replaced by `output`, in the same storage. It starts as zeros. */
export interface GraphState {
  readonly name: string
  readonly input: ValueId
  readonly output: ValueId
}

export interface Graph {
  readonly specVersion: 1
  readonly name: string
  /** Type of every value, by id. */
  readonly types: readonly TensorType[]
  readonly inputs: readonly NamedValue[]
  /** Weights, by their name in the checkpoint-independent naming of the model definition. */
  readonly parameters: readonly NamedValue[]
  readonly states: readonly GraphState[]
  /** In an order in which every value is made before it is used. */
  readonly nodes: readonly GraphNode[]
  readonly outputs: readonly NamedValue[]
}
