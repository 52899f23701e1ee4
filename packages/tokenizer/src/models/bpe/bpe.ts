/** Byte-pair encoding of pieces over an alphabet of bytes or of characters. */
import { CachedModel } from '../cached-model.js'
import type { PairTable } from '../pair-table.js'
import type { Alphabet } from './alphabet.js'
import { mergeLong } from './merge-long.js'
import { LONGEST_SHORT_PIECE, mergeShort } from './merge-short.js'

export interface BpeData {
  readonly vocabulary: ReadonlyMap<string, number>
  readonly merges: PairTable
  readonly alphabet: Alphabet
  /** Whether a piece that is itself a token is taken whole. */
  readonly ignoreMerges: boolean
}

export class Bpe extends CachedModel {
  readonly #data: BpeData
  readonly #longestToken: number

  constructor(data: BpeData) {
    super(data.vocabulary)
    this.#data = data
    this.#longestToken = data.ignoreMerges ? longestKey(data.vocabulary) : 0
  }

  room(units: number): number {
    return this.#data.alphabet.room(units)
  }

  write(text: string, start: number, end: number, symbols: Int32Array, spans?: Int32Array): number {
    const { alphabet, merges } = this.#data
    const whole = end - start <= this.#longestToken ? this.vocabulary.get(alphabet.spell(text, start, end)) : undefined
    if (whole !== undefined) {
      symbols[0] = whole
      spans?.set([start, end])
      return 1
    }
    const count = alphabet.write(text, start, end, symbols, spans)
    if (spans || count > LONGEST_SHORT_PIECE) return mergeLong(merges, symbols, count, spans)
    return mergeShort(merges, symbols, count)
  }
}

function longestKey(vocabulary: ReadonlyMap<string, number>): number {
  let longest = 0
  for (const token of vocabulary.keys()) longest = Math.max(longest, token.length)
  return longest
}
