/** From logits to the next token of each row: drawing one, and taking it over into the rows that go on. */
import type { Value } from '../graph/builder.js'
import type { ShapeRules } from '../graph/infer.js'
import { i32, requireDtype, requireOperand, requireRank, requireShape } from '../graph/shape-rules.js'

/** Columns of the operand `rules`, in this order. */
export const ruleNames = [
  'temperature',
  'topK',
  'topP',
  'minP',
  'repetitionPenalty',
  'frequencyPenalty',
  'presencePenalty',
] as const

export interface SampleOperands {
  readonly logits: Value // [B, V]
  /** One column for each of `ruleNames`. */
  readonly rules: Value // [B, 7]
  /** Lower and upper 32 bits of the seed. */
  readonly seed: Value // i32 [B, 2]
  /** Place of the drawn token in its text: the number of tokens before it. */
  readonly index: Value // i32 [B]
  /** What the penalties look at: 0 for a token that has not occurred, 1 + the times it was output for one that has. */
  readonly history?: Value | null // i32 [B, V]
  /** Added to the logits after the penalties. */
  readonly bias?: Value | null // [B, V]
}

/**
 * Draws one token a row: ids i32 [B], or -1 where nothing can be drawn because a logit is NaN or Infinity or all are -Infinity.
 *
 * In this order: repetition penalty (arXiv 1909.05858: tokens that occurred have positive logits divided by it and others multiplied),
 * frequency and presence penalty (a token output n > 0 times loses n * frequency + presence), bias; the best token, of equal ones the
 * lowest id, if the temperature is 0; else (logit - best) / temperature, the topK best tokens (0: all), the fewest best ones with
 * probability topP together (1: all), those with minP times the probability of the best (0: all), and an exponential race among what is
 * left: token i finishes at -ln(1 - v_i) / weight_i, the first one wins, of equal ones the lowest id. Each cut sees what the ones before
 * it left, renormalised; of equal logits the lower id is better.
 *
 *     v_i = (philox4x32_10(counter = [i >> 2, index, 0, 0], key = seed)[i & 3] + 1/2) / 2^32
 */
export function sample({ logits, rules, seed, index, history = null, bias = null }: SampleOperands): Value {
  return logits.builder.append('sample', [logits, rules, seed, index, history, bias], {})[0]
}

export interface AcceptOperands {
  /** -1: nothing. */
  readonly drawn: Value // i32 [B]
  readonly previous: Value // i32 [B]
  /** 0: the row is over. */
  readonly mask: Value // i32 [B]
  /** Tokens that the row may still take, then ids after which it is over (-1: none). */
  readonly ends: Value // i32 [B, 1 + S]
  /** As in `sample`. */
  readonly history?: Value | null // i32 [B, V]
}

export interface Accepted {
  /** The drawn one, or the previous one in rows that are over or have drawn nothing. */
  readonly token: Value // i32 [B]
  /** As before, but 0 in rows that took their last token. */
  readonly mask: Value // i32 [B]
  /** One less to take in the rows that took one. */
  readonly ends: Value // i32 [B, 1 + S]
  /** With the drawn token counted in the rows that took it. */
  readonly history: Value | null // i32 [B, V]
}

/** Takes drawn tokens over, and tells which rows go on. */
export function accept({ drawn, previous, mask, ends, history = null }: AcceptOperands): Accepted {
  const next = drawn.builder.append('accept', [drawn, previous, mask, ends, history], {})
  return { token: next[0], mask: next[1], ends: next[2], history: next[3] ?? null }
}

export const sampleRules: ShapeRules<'sample' | 'accept'> = {
  sample(types) {
    const logits = requireOperand('sample', 'logits', types, 0)
    requireDtype('sample', 'logits', logits, 'f32')
    requireRank('sample', 'logits', logits, 2, '[B, V]')
    const [rows] = logits.shape
    const require = (at: number, name: string, dtype: 'f32' | 'i32', shape: readonly number[]) => {
      const type = requireOperand('sample', name, types, at)
      requireDtype('sample', name, type, dtype)
      requireShape('sample', name, type, shape, 'for these logits')
    }
    require(1, 'rules', 'f32', [rows, ruleNames.length])
    require(2, 'seed', 'i32', [rows, 2])
    require(3, 'index', 'i32', [rows])
    if (types[4]) require(4, 'history', 'i32', logits.shape)
    if (types[5]) require(5, 'bias', 'f32', logits.shape)
    return [i32([rows])]
  },
  accept(types) {
    const drawn = requireOperand('accept', 'drawn', types, 0)
    requireRank('accept', 'drawn', drawn, 1, 'i32 [B]')
    for (const [at, name] of ['drawn', 'previous', 'mask'].entries()) {
      const type = requireOperand('accept', name, types, at)
      requireDtype('accept', name, type, 'i32')
      requireShape('accept', name, type, drawn.shape, 'like drawn')
    }
    const ends = requireOperand('accept', 'ends', types, 3)
    requireDtype('accept', 'ends', ends, 'i32')
    requireRank('accept', 'ends', ends, 2, 'i32 [B, 1 + S]')
    requireShape(
      'accept',
      'ends',
      ends,
      [drawn.shape[0], Math.max(1, ends.shape[1])],
      'with a row for each drawn token:',
    )
    const history = types[4]
    if (!history) return [drawn, drawn, ends]
    requireDtype('accept', 'history', history, 'i32')
    requireRank('accept', 'history', history, 2, 'i32 [B, V]')
    requireShape('accept', 'history', history, [drawn.shape[0], history.shape[1]], 'with a row for each drawn token:')
    return [drawn, drawn, ends, history]
  },
}
