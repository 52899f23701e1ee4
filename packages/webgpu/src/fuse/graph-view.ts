/** Questions that patterns ask about a graph. Values that differ by a reshape only count as one. */
import type { Graph, GraphNode, OpName, TensorType } from '@retnet/core'

export class GraphView {
  readonly #graph: Graph
  readonly #roots = new Map<number, number>()
  readonly #makers = new Map<number, GraphNode>()
  readonly #readers = new Map<number, GraphNode[]>()
  readonly #shown: ReadonlySet<number>
  readonly #parameters: ReadonlySet<number>
  readonly #states: ReadonlySet<number>
  readonly #places: ReadonlyMap<GraphNode, number>

  constructor(graph: Graph) {
    this.#graph = graph
    for (const node of graph.nodes) this.#add(node)
    const shown = [...graph.outputs.map(({ value }) => value), ...graph.states.map(({ output }) => output)]
    this.#shown = new Set(shown.map((value) => this.root(value)))
    this.#parameters = new Set(graph.parameters.map(({ value }) => value))
    this.#states = new Set(graph.states.map(({ input }) => input))
    this.#places = new Map(graph.nodes.map((node, place) => [node, place]))
  }

  type(value: number): TensorType {
    return this.#graph.types[value]
  }

  /** The value before all reshapes. */
  root(value: number): number {
    return this.#roots.get(value) ?? value
  }

  isParameter(value: number): boolean {
    return this.#parameters.has(value)
  }

  /** True for the memory of a state, which an op may update in place. */
  isState(value: number): boolean {
    return this.#states.has(this.root(value))
  }

  /** True when the value is an output or the next value of a state. */
  isShown(value: number): boolean {
    return this.#shown.has(this.root(value))
  }

  /** Place of a node in the graph; a node reads only what nodes before it make. */
  place(node: GraphNode): number {
    return this.#places.get(node)!
  }

  /** The node that computes the numbers of a value; null for inputs, parameters and states. */
  maker(value: number): GraphNode | null {
    return this.#makers.get(this.root(value)) ?? null
  }

  readers(value: number): readonly GraphNode[] {
    return this.#readers.get(this.root(value)) ?? []
  }

  /** True when nothing but `nodes` sees the value. */
  onlyFor(value: number, nodes: readonly GraphNode[]): boolean {
    return !this.isShown(value) && this.readers(value).every((reader) => nodes.includes(reader))
  }

  /** The one node that sees the value, if it is of this op. */
  onlyReader<Op extends OpName>(value: number, ...ops: readonly Op[]): GraphNode<Op> | null {
    const [reader, ...others] = this.readers(value)
    if (!reader || others.length > 0 || this.isShown(value)) return null
    return asOp(reader, ops)
  }

  /** The node that computes the value, if it is of this op and only `reader` sees the value. */
  onlyFrom<Op extends OpName>(value: number | null, reader: GraphNode, ...ops: readonly Op[]): GraphNode<Op> | null {
    const maker = value === null ? null : this.maker(value)
    return maker && this.onlyFor(value!, [reader]) ? asOp(maker, ops) : null
  }

  #add(node: GraphNode): void {
    if (node.op === 'reshape') {
      this.#roots.set(node.outputs[0], this.root(node.inputs[0]!))
      return
    }
    for (const value of node.outputs) this.#makers.set(value, node)
    for (const root of new Set(node.inputs.flatMap((value) => (value === null ? [] : [this.root(value)])))) {
      const readers = this.#readers.get(root) ?? []
      readers.push(node)
      this.#readers.set(root, readers)
    }
  }
}

function asOp<Op extends OpName>(node: GraphNode, ops: readonly Op[]): GraphNode<Op> | null {
  return (ops as readonly OpName[]).includes(node.op) ? (node as GraphNode<Op>) : null
}
