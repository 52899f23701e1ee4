import { type HeadView, type RetentionArguments, type RetentionResult, forEachHead } from './retention.js'

/**
 * Parallel form (arXiv 2307.08621 equation 5): every token at once, quadratic in the length.
 *
 *     O = (Q K^T * D) V,   D_nm = gamma^(n - m) for n >= m, else 0
 *
 * An initial state S adds gamma^(n + 1) q_n S. n and m count unmasked tokens.
 */
export function parallelRetention(args: RetentionArguments): RetentionResult {
  return forEachHead(args, (view, result) => {
    const initial = result.state.slice(view.state, view.state + args.size.keyWidth * args.size.valueWidth)
    view.tokens.forEach((token, n) => {
      addState(args, view, result.output, initial, token, Math.exp(view.logDecay * (n + 1)))
      for (let m = 0; m <= n; m++) addToken(args, view, result.output, token, view.tokens[m], n - m)
    })
    finalState(args, view, result.state)
  })
}

/** o_n += gamma^distance (q_n . k_m) v_m */
export function addToken(
  { q, k, v, size }: RetentionArguments,
  view: HeadView,
  output: Float64Array,
  n: number,
  m: number,
  distance: number,
): void {
  let score = 0
  for (let i = 0; i < size.keyWidth; i++) {
    score += q[view.key + n * view.keyStride + i] * k[view.key + m * view.keyStride + i]
  }
  score *= Math.exp(view.logDecay * distance)
  for (let j = 0; j < size.valueWidth; j++) {
    output[view.value + n * view.valueStride + j] += score * v[view.value + m * view.valueStride + j]
  }
}

/** o_n += factor * q_n S, for S one [Dk, Dv] block. */
export function addState(
  { q, size }: RetentionArguments,
  view: HeadView,
  output: Float64Array,
  block: Float64Array,
  n: number,
  factor: number,
): void {
  for (let i = 0; i < size.keyWidth; i++) {
    const weight = factor * q[view.key + n * view.keyStride + i]
    for (let j = 0; j < size.valueWidth; j++) {
      output[view.value + n * view.valueStride + j] += weight * block[i * size.valueWidth + j]
    }
  }
}

/** S <- gamma^N S + sum_m gamma^(N - 1 - m) k_m^T v_m over the N tokens of the view. */
export function finalState({ k, v, size }: RetentionArguments, view: HeadView, state: Float64Array): void {
  const { keyWidth, valueWidth } = size
  const count = view.tokens.length
  const whole = Math.exp(view.logDecay * count)
  for (let at = 0; at < keyWidth * valueWidth; at++) state[view.state + at] *= whole
  view.tokens.forEach((token, m) => {
    const decay = Math.exp(view.logDecay * (count - 1 - m))
    for (let i = 0; i < keyWidth; i++) {
      const weight = decay * k[view.key + token * view.keyStride + i]
      for (let j = 0; j < valueWidth; j++) {
        state[view.state + i * valueWidth + j] += weight * v[view.value + token * view.valueStride + j]
      }
    }
  })
}
