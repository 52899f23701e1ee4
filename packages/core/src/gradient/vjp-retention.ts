/**
 * Gradient of retention: retention again, with other operands and in the other direction. With R_t the gradient by S_t,
 *
 *     R_t = q_t^T do_t + gamma R_(t+1)      dq_t = do_t S_t^T      dk_t = v_t R_t^T      dv_t = k_t R_t
 *
 * so dq is a retention of (do, v, k) in the same direction, dk and dv are retentions of (v, do, q) and (k, q, do) in the opposite
 * one, which begin with the gradient of the final state and end with that of the initial state.
 */
import { decayNorm, rotary } from '../ops/position.js'
import { retention } from '../ops/retention.js'
import { fill, transpose } from '../ops/structure.js'
import type { Vjps } from './vjp-table.js'
import type { Value } from '../graph/builder.js'

export const retentionVjps: Vjps<'positions' | 'rotary' | 'decayNorm' | 'retention'> = {
  positions: () => [null, null],
  rotary({ operands: [, position], attributes, gradients: [dy] }) {
    return [rotary(dy!, position!, { ...attributes, inverse: !attributes.inverse }), null]
  },
  decayNorm({ operands: [, position], attributes: { logDecay }, gradients: [dy] }) {
    return [decayNorm(dy!, position!, logDecay), null]
  },
  retention({ operands: [q, k, v, mask, state], attributes: { logDecay, reverse }, gradients }) {
    const output = gradients[0] ?? fill(v!.builder, v!.type.shape, 0)
    const final = gradients[1]
    const same = { logDecay, mask, reverse }
    const opposite = { logDecay, mask, reverse: !reverse }
    const dq = retention(output, v!, k!, { ...same, state: state && swapWidths(state) })
    const dk = retention(v!, output, q!, { ...opposite, state: final && swapWidths(final) })
    const dv = retention(k!, q!, output, { ...opposite, state: final })
    return [dq.output, dk.output, dv.output, null, state && dv.state]
  },
}

/** [B, H, Dk, Dv] -> [B, H, Dv, Dk] */
function swapWidths(state: Value): Value {
  return transpose(state, [0, 1, 3, 2])
}
