/** What a pattern over the graph is given, and what it answers. */
import type { GraphNode } from '@retnet/core'
import type { Lowering } from '../compile/lowering.js'
import type { HeadStatistics } from '../kernels/decode/statistics.js'
import type { GraphView } from './graph-view.js'

/** Nodes that are lowered together. `emit` writes every value of theirs that another unit reads. */
export interface Unit {
  readonly nodes: readonly GraphNode[]
  emit(lowering: Lowering): void
}

export interface Scene {
  readonly view: GraphView
  readonly lowering: Lowering
  /** Results of retention, by value, of which a kernel can leave statistics for the norm of each head. */
  readonly statistics: Map<number, HeadStatistics>
  /** True while no unit has taken the node. */
  readonly isFree: (node: GraphNode) => boolean
}

/** Looks for its pattern around `node`; null where it does not fit. */
export type Peephole = (node: GraphNode, scene: Scene) => Unit | null
