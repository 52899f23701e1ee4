/**
 * Retention as one `LinearAttention` node (com.microsoft), or from matrix products.
 *
 * Legend: B batch rows, T time, H heads, Dk key width, Dv value width.
 */
import { type GraphNode, UnsupportedError } from '@retnet/core'
import type { EmitRules, Emitter } from '../emitter.js'
import { type Name, microsoft } from '../graph-writer.js'
import { operand } from '../weights.js'
import { unlessPadding } from './padding.js'
import { parallelRetention, recurrentStep } from './retention-standard.js'
import { expand } from './structure.js'

export const retentionRules: EmitRules<'retention'> = {
  retention(e, node) {
    if (node.attributes.reverse) throw new UnsupportedError('op retention', reverseReason)
    if (e.settings.retention === 'operator') return linearAttention(e, node)
    return e.shapeOf(node.inputs[0]!)[1] === 1 ? recurrentStep(e, node) : parallelRetention(e, node)
  },
}

export const reverseReason = 'the operator runs forwards in time only'

/** S_t = exp(decay_t) S_(t-1) + k_t^T v_t, o_t = q_t S_t. A masked token has decay 0 in logarithms, and no key and no query. */
function linearAttention(e: Emitter, { inputs, attributes: { logDecay } }: GraphNode<'retention'>): readonly Name[] {
  const [q, k, v, mask, state] = inputs
  const [batch, length, heads, keyWidth] = e.shapeOf(q!)
  const valueWidth = e.shapeOf(v!)[3]
  const flat = (value: number) =>
    e.reshape(operand(e, value), e.shapeOf(value), [batch, length, heads * e.shapeOf(value)[3]])
  const masked = (value: number) => unlessPadding(e, flat(value), mask, [2])
  const rates = e.writer.floats(logDecay, [1, 1, heads])
  const decay = mask === null ? expand(e, rates, [1, 1, heads], [batch, length, heads]) : maskedRates(e, mask, rates)
  const before = state === null ? zeroState(e, [batch, heads, keyWidth, valueWidth]) : operand(e, state)
  const [output, next] = e.custom('LinearAttention', [masked(q!), masked(k!), masked(v!), before, decay], 2, {
    domain: microsoft,
    attributes: {
      update_rule: 'gated',
      scale: { float: 1 },
      q_num_heads: heads,
      kv_num_heads: heads,
      ...(e.settings.chunk !== undefined && { chunk_size: e.settings.chunk }),
    },
  })
  return [e.reshape(output, [batch, length, heads * valueWidth], e.shapeOf(v!)), next]
}

function zeroState(e: Emitter, shape: readonly number[]): Name {
  return expand(e, e.writer.floats([0]), [], shape)
}

function maskedRates(e: Emitter, mask: number, rates: Name): Name {
  return e.node('Mul', [e.unsqueeze(e.node('Cast', [e.name(mask)], { to: 1 }), [2]), rates])
}
