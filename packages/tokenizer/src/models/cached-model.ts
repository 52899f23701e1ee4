/** A model that remembers the ids of short pieces, since words come again. */
import type { IdBuffer } from './id-buffer.js'
import type { Model } from './model.js'
import { hashPiece, LONGEST_CACHED_PIECE, PieceCache } from './piece-cache.js'

// More than a short piece has.
const KEPT_SYMBOLS = 1 << 12

export abstract class CachedModel implements Model {
  readonly #cache = new PieceCache()
  readonly #symbols = new Int32Array(KEPT_SYMBOLS)

  constructor(readonly vocabulary: ReadonlyMap<string, number>) {}

  abstract room(units: number): number
  abstract write(text: string, start: number, end: number, symbols: Int32Array, spans?: Int32Array): number

  encode(text: string, start: number, end: number, out: IdBuffer): void {
    if (end - start > LONGEST_CACHED_PIECE) return this.#encodeLong(text, start, end, out)
    const cache = this.#cache
    const hash = hashPiece(text, start, end)
    const at = cache.find(text, start, end, hash)
    if (at < 0) {
      const count = this.write(text, start, end, this.#symbols)
      out.append(this.#symbols, count)
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
    const symbols = new Int32Array(this.room(end - start))
    out.append(symbols, this.write(text, start, end, symbols))
  }
}
