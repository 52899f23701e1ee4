/** What the rules of the ops write into: the ONNX graph so far, and the names of the values of the traced graph in it. */
import { type Graph, GraphError, type GraphNode, type Shape, type TensorType } from '@retnet/core'
import type { EmitSettings } from './emit-options.js'
import type { HeldWeight } from './held-weight.js'
import { Extents } from './extents.js'
import { type Attribute, GraphWriter, type Name, type NodeOptions } from './graph-writer.js'

export class Emitter {
  readonly graph: Graph
  readonly settings: EmitSettings
  readonly writer: GraphWriter
  readonly extents: Extents
  readonly #names = new Map<number, Name>()
  readonly #parameters: ReadonlyMap<number, string>

  constructor(graph: Graph, settings: EmitSettings) {
    this.graph = graph
    this.settings = settings
    this.writer = new GraphWriter(takenNames(graph, settings))
    this.extents = new Extents(settings.dynamic)
    this.#parameters = new Map(graph.parameters.map(({ name, value }) => [value, name]))
  }

  typeOf(value: number): TensorType {
    return this.graph.types[value]
  }

  shapeOf(value: number): Shape {
    return this.graph.types[value].shape
  }

  define(value: number, name: Name): void {
    this.#names.set(value, name)
  }

  has(value: number): boolean {
    return this.#names.has(value)
  }

  /** The name of a value that is an input, a state or has been made; parameters have none before `parameter` makes one. */
  name(value: number): Name {
    const name = this.#names.get(value)
    if (name === undefined) throw new GraphError(`emit: value ${value} is used before it is made.`)
    return name
  }

  /** The weight behind a value, or null for values that are computed. */
  weightOf(value: number): { readonly name: string; readonly weight: HeldWeight } | null {
    const name = this.#parameters.get(value)
    return name === undefined ? null : { name, weight: this.settings.weights[name] }
  }

  node(op: string, inputs: readonly (Name | null)[], attributes?: Readonly<Record<string, Attribute>>): Name {
    return this.writer.node(op, inputs, attributes ? { attributes } : {})
  }

  custom(op: string, inputs: readonly (Name | null)[], count: number, options: NodeOptions): readonly Name[] {
    return this.writer.outputsOf(op, inputs, count, options)
  }

  /** `x` of one shape under another one. */
  reshape(x: Name, from: Shape, to: Shape): Name {
    if (from.join() === to.join()) return x
    return this.node('Reshape', [x, this.#target(from, to)], to.includes(0) ? { allowzero: 1 } : undefined)
  }

  /** Adds axes of extent 1 at these places of the result. */
  unsqueeze(x: Name, axes: readonly number[]): Name {
    return this.node('Unsqueeze', [x, this.writer.integers(axes)])
  }

  transpose(x: Name, permutation: readonly number[]): Name {
    return this.node('Transpose', [x], { perm: permutation })
  }

  // 0 keeps the extent of the same axis, -1 is what is left
  #target(from: Shape, to: Shape): Name {
    if (this.extents.isStatic(to)) return this.writer.integers(to)
    const wanted = to.map((extent, axis) => (this.extents.isDynamic(extent) && from[axis] === extent ? 0 : extent))
    const open = wanted.filter((extent) => this.extents.isDynamic(extent))
    if (open.length > 1) return this.extents.runtime(this.writer, to)
    return this.writer.integers(wanted.map((extent) => (this.extents.isDynamic(extent) ? -1 : extent)))
  }
}

function takenNames(graph: Graph, { names }: EmitSettings): string[] {
  const declared = [...graph.inputs, ...graph.parameters, ...graph.outputs].map(({ name }) => name)
  return [...declared, ...Object.values(names)]
}

/** Writes a node of one op and returns the names of its outputs. */
export type EmitRule<Op extends GraphNode['op']> = (e: Emitter, node: GraphNode<Op>) => readonly Name[]

export type EmitRules<Ops extends GraphNode['op']> = { readonly [Op in Ops]: EmitRule<Op> }
