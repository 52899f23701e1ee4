/** How often each word occurs. Only the words are kept, so memory grows with the language and not with the text. */
import type { PreTokenizer } from '../pre-tokenizers/pre-tokenizer.js'
import type { Normalizer } from '../normalizers/normalizer.js'
import { toWellFormed } from '../reading/well-formed.js'

/** V8 keeps the whole text alive behind a longer slice of it. */
const LONGEST_COPIED_SLICE = 12

export class WordCounts {
  readonly #indexOf = new Map<string, number>()
  readonly #counts: number[] = []
  readonly #normalize: Normalizer
  readonly #split: PreTokenizer

  constructor(normalize: Normalizer, split: PreTokenizer) {
    this.#normalize = normalize
    this.#split = split
  }

  /** Words in the order in which they were met. */
  get words(): Iterable<string> {
    return this.#indexOf.keys()
  }

  /** `counts[i]` belongs to the i-th of `words`. */
  get counts(): readonly number[] {
    return this.#counts
  }

  add(text: string): void {
    const normalized = this.#normalize(toWellFormed(text))
    this.#split(normalized, 0, normalized.length, (piece, start, end) => this.#count(piece.slice(start, end)))
  }

  #count(word: string): void {
    const index = this.#indexOf.get(word)
    if (index !== undefined) {
      this.#counts[index]++
      return
    }
    this.#indexOf.set(word.length > LONGEST_COPIED_SLICE ? copyOf(word) : word, this.#counts.length)
    this.#counts.push(1)
  }
}

function copyOf(word: string): string {
  const units = Uint16Array.from({ length: word.length }, (_, i) => word.charCodeAt(i))
  let copy = ''
  for (let at = 0; at < units.length; at += 4096) copy += String.fromCharCode(...units.subarray(at, at + 4096))
  return copy
}
