/** Words that are merged in place, and the changes in the counts of pairs which that brings. */
import type { Corpus } from './corpus.js'
import type { PairCounts } from './pair-counts.js'

export class MergeableWords {
  readonly #symbols: Int32Array
  /** Characters of each symbol. */
  readonly #lengths: Int32Array
  readonly #starts: Int32Array
  readonly #ends: Int32Array
  readonly #counts: readonly number[]
  readonly #pairs: PairCounts
  readonly #maxTokenLength: number

  constructor({ symbols, starts, counts }: Corpus, pairs: PairCounts, maxTokenLength: number) {
    this.#symbols = symbols.slice()
    this.#lengths = new Int32Array(symbols.length).fill(1)
    this.#starts = starts
    this.#ends = starts.slice(1)
    this.#counts = counts
    this.#pairs = pairs
    this.#maxTokenLength = maxTokenLength
  }

  get size(): number {
    return this.#counts.length
  }

  countPairs(word: number): void {
    const symbols = this.#symbols
    for (let at = this.#starts[word] + 1; at < this.#ends[word]; at++) {
      this.#pairs.note(this.#pairs.change(symbols[at - 1], symbols[at], this.#counts[word]), word)
    }
  }

  /** Puts `merged` where `left` and `right` stand side by side, from the start of the word. */
  merge(word: number, left: number, right: number, merged: number): void {
    const symbols = this.#symbols
    const lengths = this.#lengths
    const start = this.#starts[word]
    const end = this.#ends[word]
    const count = this.#counts[word]
    let to = start
    for (let at = start; at < end; at++, to++) {
      if (symbols[at] !== left || at + 1 === end || symbols[at + 1] !== right) {
        symbols[to] = symbols[at]
        lengths[to] = lengths[at]
        continue
      }
      const length = lengths[at] + lengths[at + 1]
      if (to > start) {
        this.#pairs.change(symbols[to - 1], left, -count)
        if (lengths[to - 1] + length < this.#maxTokenLength) this.#comeUp(symbols[to - 1], merged, word)
      }
      if (at + 2 < end) {
        this.#pairs.change(right, symbols[at + 2], -count)
        if (lengths[at + 2] + length < this.#maxTokenLength) this.#comeUp(merged, symbols[at + 2], word)
      }
      symbols[to] = merged
      lengths[to] = length
      at++
    }
    this.#ends[word] = to
  }

  #comeUp(left: number, right: number, word: number): void {
    this.#pairs.note(this.#pairs.change(left, right, this.#counts[word]), word)
  }
}
