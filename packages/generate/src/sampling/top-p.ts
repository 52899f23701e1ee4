import { keepPrefix } from './keep-prefix.js'

/**
 * Top-p, "nucleus sampling" (Holtzman et al., arXiv 1904.09751): keeps the fewest best ids whose probabilities, among the first `count`
 * ids, sum to at least p; moves them to the front and returns how many they are. At least one is kept; p = 1 keeps all.
 * `weights` [V] are probabilities up to a factor, `scores` [V] give the order.
 */
export function topP(scores: Float64Array, weights: Float64Array, ids: Int32Array, count: number, p: number): number {
  if (p >= 1) return count
  let total = 0
  for (let at = 0; at < count; at++) total += weights[ids[at]]
  return keepPrefix(scores, ids, count, p * total, weights)
}
