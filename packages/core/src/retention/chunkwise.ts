import { ArgumentError } from '../errors/argument-error.js'
import { addState, addToken, finalState } from './parallel.js'
import { type RetentionArguments, type RetentionResult, forEachHead } from './retention.js'

/**
 * Chunkwise form (arXiv 2307.08621 equation 7): parallel inside a chunk, recurrent from chunk to chunk; linear in the length.
 *
 *     O_i = (Q_i K_i^T * D) V_i + gamma^(n + 1) Q_i S_(i-1)
 *     S_i = gamma^B S_(i-1) + K_i^T (gamma^(B - 1 - m) V_i)
 *
 * The last chunk may be shorter: it decays the state by its own length.
 */
export function chunkwiseRetention(args: RetentionArguments, chunk: number): RetentionResult {
  if (!Number.isInteger(chunk) || chunk < 1) {
    throw new ArgumentError({ argument: 'chunk', expected: 'a whole number of at least 1', actual: chunk })
  }
  return forEachHead(args, (view, result) => {
    const blockSize = args.size.keyWidth * args.size.valueWidth
    for (let start = 0; start < view.tokens.length; start += chunk) {
      const part = { ...view, tokens: view.tokens.slice(start, start + chunk) }
      const before = result.state.slice(view.state, view.state + blockSize)
      part.tokens.forEach((token, n) => {
        addState(args, part, result.output, before, token, Math.exp(view.logDecay * (n + 1)))
        for (let m = 0; m <= n; m++) addToken(args, part, result.output, token, part.tokens[m], n - m)
      })
      finalState(args, part, result.state)
    }
  })
}
