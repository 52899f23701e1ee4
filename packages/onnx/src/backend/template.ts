/** Graphs that are the same but for one extent, such as the number of tokens: one session with an open dimension serves all of them. */
import type { Graph, GraphNode } from '@retnet/core'
import { type DynamicExtents, dynamicExtents } from '../emit/extents.js'

const marker = dynamicExtents.sequence

/** The open dimension of a template. */
export const openLength: DynamicExtents = { time: marker }

/** Attributes that hold extents. */
const extentAttributes: readonly string[] = ['shape', 'starts', 'sizes', 'rows']

/** Equal for graphs that may differ in extents only. */
export function structureOf(graph: Graph): string {
  const { name, types, inputs, parameters, states, nodes, outputs } = graph
  const masked = nodes.map((node) => ({ ...node, attributes: Object.fromEntries(exactAttributes(node)) }))
  const ranks = types.map(({ dtype, shape }) => `${dtype}${shape.length}`)
  return JSON.stringify([name, ranks, inputs, parameters, states, masked, outputs])
}

/** A graph in which a large number stands for what differs between two of one structure; null if that is not multiples of one extent. */
export function templateOf(a: Graph, b: Graph): Graph | null {
  const pair = firstDifference(a, b)
  if (pair === null) return null
  let fits = true
  const join = (x: number, y: number): number => {
    if (x === y) return x
    const times = x / pair[0]
    fits &&= Number.isInteger(times) && times * pair[1] === y
    return times * marker
  }
  const joinAll = (x: readonly number[], y: readonly number[]) => x.map((extent, axis) => join(extent, y[axis]))
  const types = a.types.map((type, id) => ({ ...type, shape: joinAll(type.shape, b.types[id].shape) }))
  const nodes = a.nodes.map((node, index) => {
    const other = b.nodes[index].attributes as Readonly<Record<string, unknown>>
    const attributes = Object.entries(node.attributes).map(([key, value]: [string, unknown]) => {
      if (!extentAttributes.includes(key)) return [key, value]
      if (typeof value === 'number') return [key, join(value, other[key] as number)]
      return [key, joinAll(value as number[], other[key] as number[])]
    })
    return { ...node, attributes: Object.fromEntries(attributes) as object } as GraphNode
  })
  return fits ? { ...a, types, nodes } : null
}

/** The smallest extent of an input or a state that differs, in both graphs. */
function firstDifference(a: Graph, b: Graph): readonly [number, number] | null {
  const values = [...a.inputs.map(({ value }) => value), ...a.states.map(({ input }) => input)]
  const pairs = values.flatMap((value) =>
    a.types[value].shape.map((extent, axis) => [extent, b.types[value].shape[axis]] as const),
  )
  const different = pairs.filter(([x, y]) => x !== y && x > 0 && y > 0).sort(([x], [y]) => x - y)
  return different[0] ?? null
}

function exactAttributes({ attributes }: GraphNode): (readonly [string, unknown])[] {
  return Object.entries(attributes).filter(([key]) => !extentAttributes.includes(key))
}
