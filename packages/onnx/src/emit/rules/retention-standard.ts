/**
 * Retention in operators that every runtime has: all tokens at once, quadratic in their number, or one step for a single token.
 *
 * Legend: B batch rows, T time, H heads, Dk key width, Dv value width.
 */
import type { GraphNode } from '@retnet/core'
import type { Emitter } from '../emitter.js'
import type { Name } from '../graph-writer.js'
import { operand } from '../weights.js'
import { unlessPadding } from './padding.js'
import { expand } from './structure.js'

/** S = gamma S + k^T v, o = q S; q, k [B, 1, H, Dk], v [B, 1, H, Dv]. */
export function recurrentStep(e: Emitter, { inputs, attributes: { logDecay } }: GraphNode<'retention'>): Name[] {
  const [q, k, v, mask, state] = inputs
  const [queries, keys, values] = [q!, k!, v!].map((value) => tokensByHead(e, value, mask)) // [B, H, 1, D]
  const live = mask === null ? null : e.unsqueeze(castMask(e, mask), [2, 3]) // [B, 1, 1, 1]
  const added = e.node('MatMul', [e.transpose(keys, [0, 1, 3, 2]), values]) // [B, H, Dk, Dv]
  const rates = e.writer.floats(logDecay, [1, logDecay.length, 1, 1])
  const gamma = e.node('Exp', [live ? e.node('Mul', [live, rates]) : rates])
  const next = state === null ? added : e.node('Add', [e.node('Mul', [operand(e, state), gamma]), added])
  return [byHead(e, e.node('MatMul', [queries, next])), next]
}

/** O = (Q K^T * D) V + gamma^(n + 1) Q S, with D_nm = gamma^(n - m) for n >= m; n and m count unmasked tokens (equation 5). */
export function parallelRetention(e: Emitter, { inputs, attributes: { logDecay } }: GraphNode<'retention'>): Name[] {
  const [q, k, v, mask, state] = inputs
  const [queries, keys, values] = [q!, k!, v!].map((value) => tokensByHead(e, value, mask)) // [B, H, T, D]
  const decays = decayTables(e, q!, mask, logDecay)
  const scores = e.node('MatMul', [queries, e.transpose(keys, [0, 1, 3, 2])]) // [B, H, T, T]
  let output = e.node('MatMul', [e.node('Mul', [scores, decays.betweenTokens]), values])
  const weighted = e.node('Mul', [values, decays.toEnd])
  let next = e.node('MatMul', [e.transpose(keys, [0, 1, 3, 2]), weighted]) // [B, H, Dk, Dv]
  if (state !== null) {
    const before = operand(e, state)
    output = e.node('Add', [output, e.node('Mul', [e.node('MatMul', [queries, before]), decays.fromStart])])
    next = e.node('Add', [next, e.node('Mul', [before, decays.whole])])
  }
  return [byHead(e, output), next]
}

interface DecayTables {
  readonly betweenTokens: Name // [B, H, T, T]
  readonly fromStart: Name // [B, H, T, 1]
  readonly toEnd: Name // [B, H, T, 1]
  readonly whole: Name // [B, H, 1, 1]
}

/** Powers of gamma; the same for all layers of a model, so the writer keeps one of each. */
function decayTables(e: Emitter, q: number, mask: number | null, logDecay: readonly number[]): DecayTables {
  const [batch, length] = e.shapeOf(q)
  const rates = e.writer.floats(logDecay, [1, logDecay.length, 1, 1])
  const power = (exponent: Name) => e.node('Exp', [e.node('Mul', [exponent, rates])])
  const live = mask === null ? expand(e, e.writer.floats([1]), [], [batch, length]) : castMask(e, mask) // [B, T]
  const steps = e.node('CumSum', [live, e.writer.integers32([1])]) // unmasked tokens up to and including n
  const [rows, columns] = [e.unsqueeze(steps, [1, 3]), e.unsqueeze(steps, [1, 2])]
  const [rowLive, columnLive] = [e.unsqueeze(live, [1, 3]), e.unsqueeze(live, [1, 2])]
  const ones = expand(e, e.writer.floats([1]), [], [length, length])
  const order = e.node('Trilu', [ones], { upper: 0 })
  const causal = e.node('Mul', [order, e.node('Mul', [rowLive, columnLive])]) // [B, 1, T, T]
  // the exponent is masked before exp, so that the future cannot overflow
  const distance = e.node('Mul', [e.node('Sub', [rows, columns]), causal])
  const total = e.node('ReduceSum', [rowLive, e.writer.integers([2])], { keepdims: 1 })
  return {
    betweenTokens: e.node('Mul', [power(distance), causal]),
    fromStart: e.node('Mul', [power(rows), rowLive]),
    toEnd: e.node('Mul', [power(e.node('Sub', [total, rows])), rowLive]),
    whole: power(total),
  }
}

/** [B, T, H, D] to [B, H, T, D] and back. */
function byHead(e: Emitter, x: Name): Name {
  return e.transpose(x, [0, 2, 1, 3])
}

function tokensByHead(e: Emitter, value: number, mask: number | null): Name {
  return byHead(e, unlessPadding(e, operand(e, value), mask, [2, 3]))
}

function castMask(e: Emitter, mask: number): Name {
  return e.node('Cast', [e.name(mask)], { to: 1 })
}
