/** What a lowering rule sees while it turns a node into kernels. */
import type { WeightEncoding, Graph, GraphNode, OpMap, OpName, RetentionForm, TensorType } from '@retnet/core'
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
  encoding(value: number): WeightEncoding | null
  /** Where a value lives. A packed weight has no plain slot: use `weight`. */
  slot(value: number): Slot
  /** The same for a value that is updated in place, which may be a state in halves: `slot` would give a copy in f32. */
  state(value: number): StateSlot
  weight(value: number, part: 'data' | 'scales'): Slot
  /** What a weight was cut into because no buffer holds all of it; one piece otherwise, and for any other value. */
  pieces(value: number): readonly WeightPiece[]
  /** Memory that lives within this node only. */
  scratch(bytes: number): Slot
  /** Constant numbers, uploaded once. */
  table(data: Float32Array | Int32Array): Slot
  emit(kernel: Kernel): void
}

/** Rows of a matrix that lie in a buffer of their own. */
export interface WeightPiece {
  readonly index: number
  readonly first: number
  readonly rows: number
}

/** The lowering for kernels that see one piece of a weight as if it were all of it. */
export function lowerPiece(lowering: Lowering, value: number, { index, rows }: WeightPiece): Lowering {
  const weight: Lowering['weight'] = (other, part) => {
    const slot = lowering.weight(other, part)
    return other === value && slot.kind === 'weight' ? { ...slot, piece: index } : slot
  }
  return {
    ...lowering,
    weight,
    type(other) {
      const type = lowering.type(other)
      return other === value ? { ...type, shape: [rows, ...type.shape.slice(1)] } : type
    },
    slot: (other) =>
      other === value && lowering.encoding(other) === 'f32' ? weight(other, 'data') : lowering.slot(other),
    pieces: (other) => (other === value ? [{ index, first: 0, rows }] : lowering.pieces(other)),
  }
}

/** Turns one node into kernels. Operand and result ids are those of the graph. */
export type LowerRule<Op extends OpName> = (node: GraphNode<Op>, attributes: OpMap[Op], lowering: Lowering) => void

export type LowerRules<Ops extends OpName> = { readonly [Op in Ops]: LowerRule<Op> }

export type { Graph, GraphNode }
