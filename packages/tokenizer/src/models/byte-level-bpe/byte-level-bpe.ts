/** BPE over bytes: pieces of text in, ids out. It knows no pre-tokenizer and no added tokens. */
import { characterOfByte } from './byte-alphabet.js'
import type { IdBuffer } from './id-buffer.js'
import { mergeLong } from './merge-long.js'
import { LONGEST_SHORT_PIECE, mergeShort } from './merge-short.js'
import type { MergeTable } from './merge-table.js'
import { hashPiece, LONGEST_CACHED_PIECE, PieceCache } from './piece-cache.js'
import { utf8Length, writeUtf8 } from './utf8.js'

export interface ByteLevelBpeData {
  readonly vocabulary: ReadonlyMap<string, number>
  readonly merges: MergeTable
  /** Id of a byte that has no token; without one such bytes are dropped before merging, as in the reference. */
  readonly unknownId: number | undefined
  /** Whether a run of bytes without a token is one unknown or many. */
  readonly fuseUnknown: boolean
  /** Whether a piece that is itself a token is taken whole. */
  readonly ignoreMerges: boolean
}

// Symbols of one piece are kept between calls up to this many; a longer piece gets its own array and frees it.
const KEPT_SYMBOLS = 1 << 12

export class ByteLevelBpe {
  readonly vocabulary: ReadonlyMap<string, number>
  readonly #data: ByteLevelBpeData
  readonly #idOfByte: Int32Array // [256]
  readonly #longestToken: number
  readonly #cache = new PieceCache()
  readonly #symbols = new Int32Array(KEPT_SYMBOLS)

  constructor(data: ByteLevelBpeData) {
    this.#data = data
    this.vocabulary = data.vocabulary
    this.#idOfByte = Int32Array.from(characterOfByte, (character) => data.vocabulary.get(character) ?? -1)
    this.#longestToken = data.ignoreMerges ? longestKey(data.vocabulary) : 0
  }

  /** Appends the ids of the piece `text[start .. end]` to `out`. */
  encode(text: string, start: number, end: number, out: IdBuffer): void {
    if (end - start > LONGEST_CACHED_PIECE) return this.#encodeLong(text, start, end, out)
    const cache = this.#cache
    const hash = hashPiece(text, start, end)
    const at = cache.find(text, start, end, hash)
    if (at < 0) {
      const count = this.#merge(text, start, end, this.#symbols)
      append(out, this.#symbols, count)
      // A piece of which nothing is left has no ids to keep.
      if (count > 0) cache.add(at, text, start, end, hash, this.#symbols, count)
      return
    }
    const count = cache.slots[at + 2] & 0xffff
    const value = cache.slots[at + 3]
    out.reserve(count)
    if (count === 1) {
      out.data[out.length++] = value
      return
    }
    for (let i = 0; i < count; i++) out.data[out.length++] = cache.ids[value + i]
  }

  #encodeLong(text: string, start: number, end: number, out: IdBuffer): void {
    const needed = utf8Length(text, start, end)
    const symbols = needed <= KEPT_SYMBOLS ? this.#symbols : new Int32Array(needed)
    append(out, symbols, this.#merge(text, start, end, symbols))
  }

  #merge(text: string, start: number, end: number, symbols: Int32Array): number {
    const bytes = writeUtf8(text, start, end, symbols)
    if (this.#data.ignoreMerges) {
      const id = this.#wholeToken(symbols, bytes)
      if (id !== undefined) {
        symbols[0] = id
        return 1
      }
    }
    const count = this.#bytesToIds(symbols, bytes)
    return count <= LONGEST_SHORT_PIECE
      ? mergeShort(this.#data.merges, symbols, count)
      : mergeLong(this.#data.merges, symbols, count)
  }

  /** Replaces bytes by their ids in place; returns how many ids. */
  #bytesToIds(symbols: Int32Array, count: number): number {
    const { unknownId, fuseUnknown } = this.#data
    let length = 0
    let afterUnknown = false
    for (let i = 0; i < count; i++) {
      const id = this.#idOfByte[symbols[i]]
      if (id >= 0) symbols[length++] = id
      else if (unknownId !== undefined && !(fuseUnknown && afterUnknown)) symbols[length++] = unknownId
      afterUnknown = id < 0
    }
    return length
  }

  #wholeToken(bytes: Int32Array, count: number): number | undefined {
    if (count > this.#longestToken) return undefined
    let token = ''
    for (let i = 0; i < count; i++) token += characterOfByte[bytes[i]]
    return this.vocabulary.get(token)
  }
}

function longestKey(vocabulary: ReadonlyMap<string, number>): number {
  let longest = 0
  for (const token of vocabulary.keys()) longest = Math.max(longest, token.length)
  return longest
}

function append(out: IdBuffer, symbols: Int32Array, count: number): void {
  out.reserve(count)
  for (let i = 0; i < count; i++) out.data[out.length++] = symbols[i]
}
