/** Records operations into a graph. Not an executor: a `Value` knows its type, never its numbers. */
import type { Graph, GraphNode, GraphState, NamedValue } from '../contract/graph.js'
import type { OpMap, OpName } from '../contract/op-map.js'
import { type DType, type Shape, type TensorType, sameShape, showType } from '../contract/tensor.js'
import { GraphError } from '../errors/graph-error.js'
import { infer } from './infer.js'

/** A tensor that a graph will compute. */
export interface Value {
  readonly id: number
  readonly type: TensorType
  readonly builder: GraphBuilder
}

export class GraphBuilder {
  readonly #name: string
  readonly #types: TensorType[] = []
  readonly #inputs: NamedValue[] = []
  readonly #parameters: NamedValue[] = []
  readonly #states: GraphState[] = []
  readonly #nodes: GraphNode[] = []
  readonly #outputs: NamedValue[] = []
  readonly #names = new Set<string>()

  constructor(name: string) {
    this.#name = name
  }

  input(name: string, shape: Shape, dtype: DType = 'f32'): Value {
    return this.#declare(this.#inputs, name, { dtype, shape })
  }

  /** A weight. Asking for the same name again gives the same value (tied weights). */
  parameter(name: string, shape: Shape): Value {
    const known = this.#parameters.find((parameter) => parameter.name === name)
    if (!known) return this.#declare(this.#parameters, name, { dtype: 'f32', shape })
    const type = this.#types[known.value]
    if (sameShape(type.shape, shape)) return { id: known.value, type, builder: this }
    throw new GraphError(`parameter ${name}: declared as ${showType(type)} and again with [${shape.join(', ')}].`)
  }

  /** A tensor kept between runs. `updateState` must be called once with its next value. */
  state(name: string, shape: Shape, dtype: DType = 'f32'): Value {
    this.#claim(name)
    const value = this.#value({ dtype, shape })
    this.#states.push({ name, input: value.id, output: -1 })
    return value
  }

  updateState(state: Value, next: Value): void {
    const index = this.#states.findIndex((entry) => entry.input === state.id)
    if (index < 0) throw new GraphError('updateState: the first argument is not a state of this graph.')
    if (showType(state.type) !== showType(next.type)) {
      throw new GraphError(
        `state ${this.#states[index].name}: its next value is ${showType(next.type)}, expected ${showType(state.type)}.`,
      )
    }
    this.#states[index] = { ...this.#states[index], output: next.id }
  }

  output(name: string, value: Value): void {
    if (this.#outputs.some((output) => output.name === name)) throw new GraphError(`output ${name}: declared twice.`)
    this.#outputs.push({ name, value: value.id })
  }

  /** Appends one operation after checking its operands against the op's shape rule. */
  append<Op extends OpName>(op: Op, inputs: readonly (Value | null)[], attributes: OpMap[Op]): Value[] {
    const foreign = inputs.find((value) => value !== null && value.builder !== this)
    if (foreign) throw new GraphError(`${op}: an operand belongs to another graph.`)
    const types = infer(
      op,
      inputs.map((value) => value?.type ?? null),
      attributes,
    )
    const outputs = types.map((type) => this.#value(type))
    const ids = inputs.map((value) => value?.id ?? null)
    this.#nodes.push({ op, inputs: ids, outputs: outputs.map((value) => value.id), attributes } as GraphNode)
    return outputs
  }

  build(): Graph {
    const open = this.#states.find((state) => state.output < 0)
    if (open) throw new GraphError(`state ${open.name}: updateState was never called.`)
    return {
      specVersion: 1,
      name: this.#name,
      types: this.#types,
      inputs: this.#inputs,
      parameters: this.#parameters,
      states: this.#states,
      nodes: this.#nodes,
      outputs: this.#outputs,
    }
  }

  #declare(list: NamedValue[], name: string, type: TensorType): Value {
    this.#claim(name)
    const value = this.#value(type)
    list.push({ name, value: value.id })
    return value
  }

  #claim(name: string): void {
    if (this.#names.has(name))
      throw new GraphError(`${name}: the name is already taken by an input, parameter or state.`)
    this.#names.add(name)
  }

  #value(type: TensorType): Value {
    this.#types.push(type)
    return { id: this.#types.length - 1, type, builder: this }
  }
}

/** Runs `build` over a fresh builder and returns the graph that it recorded; the returned record names the outputs. */
export function trace(name: string, build: (builder: GraphBuilder) => Readonly<Record<string, Value>>): Graph {
  const builder = new GraphBuilder(name)
  for (const [output, value] of Object.entries(build(builder))) builder.output(output, value)
  return builder.build()
}
