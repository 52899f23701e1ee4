/** What a lowering rule sees while it turns a node into kernels. */
import type { Graph, GraphNode, OpMap, OpName, RetentionForm, TensorType } from '@retnet/core'
import type { GpuEncoding } from '../memory/gpu-weight.js'
import type { Profile } from '../device/profile.js'
import type { StateSlot } from '../kernels/state/state-text.js'
import type { Kernel, Slot } from './kernel.js'

export interface Lowering {
  readonly profile: Profile
  readonly form: RetentionForm
  readonly chunk: number
  /** Some weight of the graph is stored with fewer than 32 bits, so that rounding of the same order does no harm elsewhere. */
  readonly rounded: boolean
  type(value: number): TensorType
  /** Encoding of a value that is a weight; null for anything else. */
  encoding(value: number): GpuEncoding | null
  /** Where a value lives. A packed weight has no plain slot: use `weight`. */
  slot(value: number): Slot
  /** The same for a value that is updated in place, which may be a state in halves: `slot` would give a copy in f32. */
  state(value: number): StateSlot
  weight(value: number, part: 'data' | 'scales'): Slot
  /** Memory that lives within this node only. */
  scratch(bytes: number): Slot
  /** Constant numbers, uploaded once. */
  table(data: Float32Array | Int32Array): Slot
  emit(kernel: Kernel): void
}

/** Turns one node into kernels. Operand and result ids are those of the graph. */
export type LowerRule<Op extends OpName> = (node: GraphNode<Op>, attributes: OpMap[Op], lowering: Lowering) => void

export type LowerRules<Ops extends OpName> = { readonly [Op in Ops]: LowerRule<Op> }

export type { Graph, GraphNode }
