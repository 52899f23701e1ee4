/** Walks a graph and appends the kernel calls of its nodes; nodes that a later one computes itself are passed over. */
import type { GraphNode, OpName, ValueId } from '@retnet/core'
import { Opcode } from '../opcode.js'
import type { Lowering } from '../plan/lowering.js'
import { contractionRules, isFusedMatmul } from './contraction.js'
import { elementwiseRules, isFusedSilu } from './elementwise.js'
import { normalisationRules } from './normalisation.js'
import { positionRules } from './position.js'
import { retentionRules } from './retention.js'
import type { UnsupportedOp } from '../plan/supports.js'
import type { LowerRules } from './rules.js'
import { structureRules } from './structure.js'

const rules: LowerRules<Exclude<OpName, UnsupportedOp>> = {
  ...structureRules,
  ...elementwiseRules,
  ...normalisationRules,
  ...contractionRules,
  ...positionRules,
  ...retentionRules,
}

export function lowerGraph(l: Lowering): void {
  const readers = new Map<ValueId, GraphNode>()
  for (const node of l.graph.nodes) for (const input of node.inputs) if (input !== null) readers.set(input, node)
  for (const node of l.graph.nodes) {
    const reader = readers.get(node.outputs[0])
    if (isEmpty(l, node)) lowerEmpty(l, node)
    else if (!isFusedMatmul(l, node, reader) && !isFusedSilu(l, node, reader)) lowerNode(l, node)
  }
}

function lowerNode(l: Lowering, node: GraphNode): void {
  const rule = rules[node.op as keyof typeof rules] as (l: Lowering, node: GraphNode) => void
  rule(l, node)
}

// Results without elements need no kernel; sums over nothing are zeros.
function isEmpty(l: Lowering, node: GraphNode): boolean {
  if (node.outputs.every((value) => l.size(value) === 0)) return true
  const sums = node.op === 'matmul' || node.op === 'batchMatmul' || node.op === 'sum'
  return sums && node.inputs.some((value) => value !== null && l.size(value) === 0)
}

function lowerEmpty(l: Lowering, node: GraphNode): void {
  for (const value of node.outputs) {
    const target = l.define(value)
    const count = l.size(value)
    if (count > 0) l.emit(Opcode.Fill, 'fill', [count, 0, target], { reads: [], writes: [target], work: count })
  }
}
