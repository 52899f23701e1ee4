/** Log-probabilities of the model itself: log-softmax in float64 of the raw logits, before penalties, bias and temperature. */
import { isBefore, keepPrefix } from './keep-prefix.js'

export interface TokenLogProbability {
  readonly id: number
  /** Natural logarithm of the probability. */
  readonly logprob: number
}

export interface LogProbabilities {
  readonly logprob: number
  /** The best tokens, best first; of equal ones the lower id first. */
  readonly top: readonly TokenLogProbability[]
}

/** The log-probability of token `chosen` and of the `best` best tokens; logits [V]. */
export function logProbabilities(logits: Float32Array, chosen: number, best: number): LogProbabilities {
  const scores = Float64Array.from(logits)
  let highest = -Infinity
  for (const score of scores) if (score > highest) highest = score
  let sum = 0
  for (const score of scores) sum += Math.exp(score - highest)
  const logprobOf = (id: number): number => scores[id] - highest - Math.log(sum)
  const top = bestIds(scores, best).map((id) => ({ id, logprob: logprobOf(id) }))
  return { logprob: logprobOf(chosen), top }
}

function bestIds(scores: Float64Array, best: number): number[] {
  if (best === 0) return []
  const ids = Int32Array.from(scores, (_, id) => id)
  const count = keepPrefix(scores, ids, ids.length, best, null)
  return [...ids.subarray(0, count)].sort((a, b) => (isBefore(scores, a, b) ? -1 : 1))
}
