/** Groups the nodes of a graph into units that are lowered together, by a table of patterns; what fits none stays alone. */
import type { Graph, GraphNode } from '@retnet/core'
import type { Lowering } from '../compile/lowering.js'
import { elementChain } from './element-chain.js'
import { gatedPair } from './gated-pair.js'
import { GraphView } from './graph-view.js'
import type { Peephole, Scene, Unit } from './peephole.js'
import { residualProduct } from './residual-product.js'
import { retentionStep } from './retention-step.js'
import { scaledEmbed } from './scaled-embed.js'
import { scaledRotary } from './scaled-rotary.js'
import { stackedProducts } from './stacked-products.js'

/** In the order in which they choose. Retention is first: products fold the head norm where it leaves statistics. */
const peepholes: readonly Peephole[] = [
  retentionStep,
  scaledEmbed,
  scaledRotary,
  gatedPair,
  residualProduct,
  stackedProducts,
]

/** Units in an order in which every value is made before it is used. `alone` lowers a node that no pattern took. */
export function fuse(graph: Graph, lowering: Lowering, alone: (node: GraphNode) => Unit): readonly Unit[] {
  const unitOf = new Map<GraphNode, Unit>()
  const scene: Scene = {
    view: new GraphView(graph),
    lowering,
    statistics: new Map(),
    isFree: (node) => !unitOf.has(node),
  }
  const match = (peephole: Peephole, order: readonly GraphNode[]) => {
    for (const node of order) {
      const unit = scene.isFree(node) ? peephole(node, scene) : null
      if (!unit?.nodes.every(scene.isFree)) continue
      for (const part of unit.nodes) unitOf.set(part, unit)
    }
  }
  for (const peephole of peepholes) match(peephole, graph.nodes)
  // chains take what is left, from their ends
  match(elementChain, graph.nodes.toReversed())
  // reshapes have no kernel: whoever reads one reads what it shares its memory with
  const nodes = graph.nodes.filter(({ op }) => op !== 'reshape')
  for (const node of nodes) if (!unitOf.has(node)) unitOf.set(node, alone(node))
  return inOrder(nodes, unitOf, scene.view) ?? nodes.map(alone)
}

/** Depth first from each node in turn; null when two units wait for one another. */
function inOrder(nodes: readonly GraphNode[], unitOf: ReadonlyMap<GraphNode, Unit>, view: GraphView): Unit[] | null {
  const order: Unit[] = []
  const progress = new Map<Unit, 'open' | 'done'>()
  const visit = (unit: Unit): boolean => {
    if (progress.has(unit)) return progress.get(unit) === 'done'
    progress.set(unit, 'open')
    if (!unitsBefore(unit, unitOf, view).every(visit)) return false
    progress.set(unit, 'done')
    order.push(unit)
    return true
  }
  return nodes.every((node) => visit(unitOf.get(node)!)) ? order : null
}

function unitsBefore(unit: Unit, unitOf: ReadonlyMap<GraphNode, Unit>, view: GraphView): Unit[] {
  const before = unit.nodes.flatMap((node) => {
    const values = node.inputs.filter((value) => value !== null)
    // a state may be updated in place: whoever reads it earlier in the graph comes first
    const readers = values.flatMap((value) => (view.isState(value) ? view.readers(value) : []))
    const makers = values.flatMap((value) => view.maker(value) ?? [])
    return [...makers, ...readers.filter((reader) => view.place(reader) < view.place(node))]
  })
  return before.map((node) => unitOf.get(node)!).filter((other) => other !== unit)
}
