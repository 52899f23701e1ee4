/** The ops that a chain may consist of. */
import type { OpName } from '@retnet/core'
import type { GraphNode } from '../../compile/lowering.js'
import { type BinaryOp, type UnaryOp, binaryOperators, unaryTexts } from './expression.js'

export type ChainOp = BinaryOp | UnaryOp | 'rmsNorm' | 'layerNorm' | 'decayNorm'
export type ChainNode = GraphNode<ChainOp>

const chainOps: ReadonlySet<OpName> = new Set<ChainOp>([
  ...(Object.keys(binaryOperators) as BinaryOp[]),
  ...(Object.keys(unaryTexts) as UnaryOp[]),
  'rmsNorm',
  'layerNorm',
  'decayNorm',
])

export function isChainNode(node: GraphNode): node is ChainNode {
  return chainOps.has(node.op)
}

export function isNorm(node: GraphNode): node is GraphNode<'rmsNorm' | 'layerNorm'> {
  return node.op === 'rmsNorm' || node.op === 'layerNorm'
}

/** Operands that are read number by number: all but the positions of decayNorm. */
export function numbersOf({ op, inputs }: ChainNode): readonly number[] {
  const numbers = op === 'decayNorm' ? inputs.slice(0, 1) : inputs
  return numbers.filter((value) => value !== null)
}
