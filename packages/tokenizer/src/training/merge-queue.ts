/** Pairs waiting to be merged: the most frequent first, of equals the one with the smaller ids. A binary heap. */

export interface Candidate {
  /** Number of the pair in `PairCounts`. */
  readonly pair: number
  readonly left: number
  readonly right: number
  /** As it was when the candidate was put in. */
  readonly count: number
  /** The words in which the pair has come up. */
  readonly words: readonly number[]
}

export class MergeQueue {
  readonly #items: Candidate[] = []

  push(candidate: Candidate): void {
    const items = this.#items
    let at = items.push(candidate) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(candidate, items[parent])) break
      items[at] = items[parent]
      at = parent
    }
    items[at] = candidate
  }

  /** Takes out the first, undefined if there is none. */
  pop(): Candidate | undefined {
    const items = this.#items
    const first = items[0]
    const moved = items.pop()
    if (moved === undefined || items.length === 0) return first
    let at = 0
    for (let child = 1; child < items.length; child = 2 * at + 1) {
      if (child + 1 < items.length && isBefore(items[child + 1], items[child])) child++
      if (!isBefore(items[child], moved)) break
      items[at] = items[child]
      at = child
    }
    items[at] = moved
    return first
  }
}

export function isBefore(a: Candidate, b: Candidate): boolean {
  if (a.count !== b.count) return a.count > b.count
  return a.left === b.left ? a.right < b.right : a.left < b.left
}
