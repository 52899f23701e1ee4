/** Counts of pairs of tokens, and for pairs that have just come up the words they stand in. Open addressing over typed arrays. */

export class PairCounts {
  size = 0
  /** By number of a pair, in the order in which pairs were met. */
  lefts = new Int32Array(1 << 12)
  rights = new Int32Array(1 << 12)
  counts = new Float64Array(1 << 12)
  #slots = new Int32Array(1 << 13).fill(-1)
  readonly #words: (number[] | undefined)[] = []
  #fresh: number[] = []

  /** Adds `change` to the count of the pair and gives its number. */
  change(left: number, right: number, change: number): number {
    const pair = this.#find(left, right)
    this.counts[pair] += change
    return pair
  }

  /** Notes that the pair has come up in `word`. The words of a pair must come in order. */
  note(pair: number, word: number): void {
    const words = this.#words[pair]
    if (words === undefined) {
      this.#words[pair] = [word]
      this.#fresh.push(pair)
    } else if (words[words.length - 1] !== word) {
      words.push(word)
    }
  }

  /** Hands over the pairs noted since the last call, each with its words. */
  takeNoted(take: (pair: number, words: readonly number[]) => void): void {
    const fresh = this.#fresh
    this.#fresh = []
    for (const pair of fresh) {
      const words = this.#words[pair]!
      this.#words[pair] = undefined
      take(pair, words)
    }
  }

  #find(left: number, right: number): number {
    const slots = this.#slots
    let at = hash(left, right) & (slots.length - 1)
    for (; slots[at] >= 0; at = (at + 1) & (slots.length - 1)) {
      const pair = slots[at]
      if (this.lefts[pair] === left && this.rights[pair] === right) return pair
    }
    if (this.size === this.lefts.length) {
      this.#grow()
      return this.#find(left, right)
    }
    slots[at] = this.size
    this.lefts[this.size] = left
    this.rights[this.size] = right
    this.#words.push(undefined)
    return this.size++
  }

  #grow(): void {
    const capacity = this.size * 2
    this.lefts = resized(this.lefts, new Int32Array(capacity))
    this.rights = resized(this.rights, new Int32Array(capacity))
    this.counts = resized(this.counts, new Float64Array(capacity))
    const slots = (this.#slots = new Int32Array(capacity * 2).fill(-1))
    for (let pair = 0; pair < this.size; pair++) {
      let at = hash(this.lefts[pair], this.rights[pair]) & (slots.length - 1)
      while (slots[at] >= 0) at = (at + 1) & (slots.length - 1)
      slots[at] = pair
    }
  }
}

function hash(left: number, right: number): number {
  const mixed = Math.imul(Math.imul(left, 0x9e3779b1) ^ right, 0x85ebca6b)
  return mixed ^ (mixed >>> 15)
}

function resized<T extends Int32Array | Float64Array>(from: T, into: T): T {
  into.set(from)
  return into
}
