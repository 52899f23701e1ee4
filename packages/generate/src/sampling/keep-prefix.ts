/** The one selection behind top-k, top-p and the best log-probabilities: quickselect by accumulated weight, without sorting. */

/**
 * Reorders the first `count` ids so that the smallest prefix of the order "higher score first, then lower id" whose weights sum to at
 * least `target` > 0 comes first, and returns its length (at least 1). Inside the prefix the order is arbitrary. `weights` [V] >= 0; null
 * means that every id weighs 1. Expected time is linear in `count`.
 */
export function keepPrefix(
  scores: Float64Array,
  ids: Int32Array,
  count: number,
  target: number,
  weights: Float64Array | null,
): number {
  let low = 0
  let high = count
  // weight of everything before `low`: less than the target, so all of it is kept
  let kept = 0
  while (high - low > 1) {
    const pivot = partition(scores, ids, low, high)
    const before = kept + (weights === null ? pivot - low : weightOf(weights, ids, low, pivot))
    const through = before + (weights === null ? 1 : weights[ids[pivot]])
    if (before >= target) {
      high = pivot
    } else if (through >= target) {
      return pivot + 1
    } else {
      kept = through
      low = pivot + 1
    }
  }
  return Math.min(low + 1, count)
}

function weightOf(weights: Float64Array, ids: Int32Array, low: number, high: number): number {
  let sum = 0
  for (let at = low; at < high; at++) sum += weights[ids[at]]
  return sum
}

/** True if token a comes before token b: higher score, or equal score and lower id. */
export function isBefore(scores: Float64Array, a: number, b: number): boolean {
  return scores[a] > scores[b] || (scores[a] === scores[b] && a < b)
}

// everything before the returned place comes before the id at that place, everything after it comes after
function partition(scores: Float64Array, ids: Int32Array, low: number, high: number): number {
  const last = high - 1
  swap(ids, medianPlace(scores, ids, low, high), last)
  const pivot = ids[last]
  const pivotScore = scores[pivot]
  let place = low
  for (let at = low; at < last; at++) {
    const id = ids[at]
    const score = scores[id]
    if (score < pivotScore || (score === pivotScore && id > pivot)) continue
    ids[at] = ids[place]
    ids[place++] = id
  }
  swap(ids, place, last)
  return place
}

function medianPlace(scores: Float64Array, ids: Int32Array, low: number, high: number): number {
  const places = [low, (low + high) >>> 1, high - 1]
  places.sort((a, b) => (ids[a] === ids[b] ? 0 : isBefore(scores, ids[a], ids[b]) ? -1 : 1))
  return places[1]
}

function swap(ids: Int32Array, a: number, b: number): void {
  const id = ids[a]
  ids[a] = ids[b]
  ids[b] = id
}
