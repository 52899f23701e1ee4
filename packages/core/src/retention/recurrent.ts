import { type RetentionArguments, type RetentionResult, forEachHead } from './retention.js'

/**
 * Recurrent form (arXiv 2307.08621 equation 6): constant memory, one step a token.
 *
 *     S_t = gamma S_(t-1) + k_t^T v_t        o_t = q_t S_t
 */
export function recurrentRetention(args: RetentionArguments): RetentionResult {
  const { q, k, v } = args
  const { keyWidth, valueWidth } = args.size
  return forEachHead(args, (view, { output, state }) => {
    const gamma = Math.exp(view.logDecay)
    for (const t of view.tokens) {
      const keyAt = view.key + t * view.keyStride
      const valueAt = view.value + t * view.valueStride
      for (let i = 0; i < keyWidth; i++) {
        for (let j = 0; j < valueWidth; j++) {
          const at = view.state + i * valueWidth + j
          state[at] = gamma * state[at] + k[keyAt + i] * v[valueAt + j]
          output[valueAt + j] += q[keyAt + i] * state[at]
        }
      }
    }
  })
}

/**
 * The same steps from the last token to the first, decaying after reading: S += k_t^T v_t; o_t = q_t S; S = gamma S.
 * This is the transpose of `recurrentRetention` in time; gradients of retention are retentions in this direction.
 */
export function reverseRetention(args: RetentionArguments): RetentionResult {
  const { q, k, v } = args
  const { keyWidth, valueWidth } = args.size
  return forEachHead(args, (view, { output, state }) => {
    const gamma = Math.exp(view.logDecay)
    for (const t of view.tokens.toReversed()) {
      const keyAt = view.key + t * view.keyStride
      const valueAt = view.value + t * view.valueStride
      for (let i = 0; i < keyWidth; i++) {
        for (let j = 0; j < valueWidth; j++) {
          const at = view.state + i * valueWidth + j
          state[at] += k[keyAt + i] * v[valueAt + j]
          output[valueAt + j] += q[keyAt + i] * state[at]
          state[at] *= gamma
        }
      }
    }
  })
}
