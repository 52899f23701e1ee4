/**
 * Min-p (Nguyen et al., arXiv 2407.01082): keeps the ids with a probability of at least p times that of the best one; moves them to the
 * front and returns how many they are. `weights` [V] are probabilities up to a factor, with 1 for the best token. p = 0 keeps all.
 */
export function minP(weights: Float64Array, ids: Int32Array, count: number, p: number): number {
  if (p === 0) return count
  let kept = 0
  for (let at = 0; at < count; at++) if (weights[ids[at]] >= p) ids[kept++] = ids[at]
  return kept
}
