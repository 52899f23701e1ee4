/**
 * Ids of pieces seen before, keyed by the UTF-16 code units of the piece where it stands in the text: no substring is made.
 * Open addressing over typed arrays of fixed size; when full it starts over, so memory has a bound.
 */

/** Longest piece that is kept, in UTF-16 code units. */
export const LONGEST_CACHED_PIECE = 48

const CAPACITY = 1 << 17
const MOST_ENTRIES = CAPACITY >> 1
// Text made to collide costs this much and no more; the piece then takes the place of another.
const MOST_PROBES = 16
const KEY_UNITS = 1 << 20
const VALUE_IDS = 1 << 19

/** Hash of `text[start .. end]`. */
export function hashPiece(text: string, start: number, end: number): number {
  let hash = end - start
  for (let i = start; i < end; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return hash ^ (hash >>> 15)
}

export class PieceCache {
  /** `[hash, key start, key length << 16 | id count, id start or the only id]` per slot; the third is 0 where free. */
  readonly slots = new Int32Array(CAPACITY * 4)
  readonly ids = new Uint32Array(VALUE_IDS)
  #keys = new Uint16Array(KEY_UNITS)
  #keyEnd = 0
  #idEnd = 0
  #entries = 0

  /** Offset into `slots` of the piece if it is there, else `-1 - offset` of the slot it would take. */
  find(text: string, start: number, end: number, hash: number): number {
    const slots = this.slots
    const home = (hash & (CAPACITY - 1)) << 2
    let at = home
    for (let probe = 0; probe < MOST_PROBES; probe++) {
      if (slots[at + 2] === 0) return -1 - at
      if (slots[at] === hash && slots[at + 2] >>> 16 === end - start && this.#matches(slots[at + 1], text, start, end))
        return at
      at = (at + 4) & (CAPACITY * 4 - 1)
    }
    return -1 - home
  }

  #matches(key: number, text: string, start: number, end: number): boolean {
    const keys = this.#keys
    for (let i = start; i < end; i++) if (keys[key++] !== text.charCodeAt(i)) return false
    return true
  }

  /** Adds the piece at the slot that `find` named. `symbols[0 .. count]` are its ids. */
  add(found: number, text: string, start: number, end: number, hash: number, symbols: Int32Array, count: number): void {
    const isFull =
      this.#entries === MOST_ENTRIES || this.#keyEnd + end - start > KEY_UNITS || this.#idEnd + count > VALUE_IDS
    if (isFull) {
      // Every slot moves; the piece will come again if it matters.
      this.slots.fill(0)
      this.#keyEnd = this.#idEnd = this.#entries = 0
      return
    }
    const at = -1 - found
    this.slots[at] = hash
    this.slots[at + 1] = this.#keyEnd
    this.slots[at + 2] = ((end - start) << 16) | count
    this.slots[at + 3] = count === 1 ? symbols[0] : this.#idEnd
    for (let i = start; i < end; i++) this.#keys[this.#keyEnd++] = text.charCodeAt(i)
    if (count !== 1) for (let i = 0; i < count; i++) this.ids[this.#idEnd++] = symbols[i]
    this.#entries++
  }
}
