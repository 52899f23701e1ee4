/** Finds the name that a caller probably meant, for error messages only. */

/** The candidate with the longest common ending, or else beginning; undefined when nothing is shared. */
export function closest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestScore = 2
  for (const candidate of candidates) {
    const score = Math.max(commonPrefix(name, candidate), commonSuffix(name, candidate))
    if (score <= bestScore) continue
    best = candidate
    bestScore = score
  }
  return best
}

function commonPrefix(a: string, b: string): number {
  let length = 0
  while (length < a.length && length < b.length && a[length] === b[length]) length++
  return length
}

function commonSuffix(a: string, b: string): number {
  let length = 0
  while (length < a.length && length < b.length && a.at(-1 - length) === b.at(-1 - length)) length++
  return length
}
