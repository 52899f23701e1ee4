/** What a lowering rule is: appends the kernel calls of one node. */
import type { GraphNode, OpName } from '@retnet/core'
import type { Lowering } from '../plan/lowering.js'

export type LowerRules<Ops extends OpName> = { readonly [Op in Ops]: (l: Lowering, node: GraphNode<Op>) => void }
