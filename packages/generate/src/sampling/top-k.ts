import { keepPrefix } from './keep-prefix.js'

/**
 * Top-k: keeps the k best of the first `count` ids, moved to the front; of equal scores the lower id is better. Returns how many are
 * kept. k = 0 keeps all.
 */
export function topK(scores: Float64Array, ids: Int32Array, count: number, k: number): number {
  if (k === 0 || k >= count) return count
  return keepPrefix(scores, ids, count, k, null)
}
