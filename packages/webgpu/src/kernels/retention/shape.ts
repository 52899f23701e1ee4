import type { RetentionAttributes } from '@retnet/core'
import { type Binding, type Slot, read } from '../../compile/kernel.js'
import type { StateSlot } from '../state/state-text.js'
import type { GraphNode, Lowering } from '../../compile/lowering.js'

/** One retention node with its sizes and slots. B batch, T length, H heads, Dk and Dv key and value width. */
export interface Retention {
  readonly batch: number
  readonly length: number
  readonly heads: number
  readonly keyWidth: number
  readonly valueWidth: number
  readonly reverse: boolean
  readonly q: Slot // [B, T, H, Dk]
  readonly k: Slot // [B, T, H, Dk]
  readonly v: Slot // [B, T, H, Dv]
  readonly mask: Slot | null // i32 [B, T]
  readonly output: Slot // [B, T, H, Dv]
  readonly state: StateSlot // [B, H, Dk, Dv], initial on entry, final on exit
  /** log2(gamma), [H]. */
  readonly rates: Slot
}

export function readRetention(
  node: GraphNode<'retention'>,
  attributes: RetentionAttributes,
  lowering: Lowering,
): Retention {
  const [q, k, v, mask] = node.inputs
  const [batch, length, heads, keyWidth] = lowering.type(q!).shape
  return {
    batch,
    length,
    heads,
    keyWidth,
    valueWidth: lowering.type(v!).shape[3],
    reverse: attributes.reverse,
    q: lowering.slot(q!),
    k: lowering.slot(k!),
    v: lowering.slot(v!),
    mask: mask === null ? null : lowering.slot(mask),
    output: lowering.slot(node.outputs[0]),
    state: lowering.state(node.outputs[1]),
    rates: lowering.table(Float32Array.from(attributes.logDecay, (value) => value * Math.LOG2E)),
  }
}

export function maskBinding({ mask }: Retention): Binding[] {
  return mask ? [read('live', mask, 'i32')] : []
}
