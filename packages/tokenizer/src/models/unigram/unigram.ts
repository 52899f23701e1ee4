/** Unigram: of all ways to cut a piece into tokens the one with the highest sum of scores, found by Viterbi. */
import { CachedModel } from '../cached-model.js'
import { createUnitTrie, nextNode, type UnitTrie } from '../unit-trie.js'

export interface UnigramData {
  readonly vocabulary: ReadonlyMap<string, number>
  /** Log probabilities by id. */
  readonly scores: Float64Array // [tokens]
  readonly unknownId: number
  /** Ids of the 256 byte tokens, if unknown characters are spelled in bytes. */
  readonly byteIds: Int32Array | undefined
}

// How much worse than the worst token an unknown character is; the reference's constant.
const UNKNOWN_PENALTY = 10
const utf8 = new TextEncoder()

/** Best way to reach every place of a piece. Kept between calls while it is small. */
interface Paths {
  readonly scores: Float64Array // [units + 1]
  readonly from: Int32Array // [units + 1]
  readonly ids: Int32Array // [units + 1]
}

const KEPT_UNITS = 256
const createPaths = (units: number): Paths => ({
  scores: new Float64Array(units + 1),
  from: new Int32Array(units + 1),
  ids: new Int32Array(units + 1),
})

export class Unigram extends CachedModel {
  readonly #data: UnigramData
  readonly #trie: UnitTrie
  readonly #unknownScore: number
  readonly #paths = createPaths(KEPT_UNITS)

  constructor(data: UnigramData) {
    super(data.vocabulary)
    this.#data = data
    this.#trie = createUnitTrie(data.vocabulary)
    this.#unknownScore = data.scores.reduce((least, score) => Math.min(least, score), Infinity) - UNKNOWN_PENALTY
  }

  room(units: number): number {
    return units * (this.#data.byteIds ? 3 : 1)
  }

  write(text: string, start: number, end: number, symbols: Int32Array, spans?: Int32Array): number {
    const units = end - start
    const paths = units <= KEPT_UNITS ? this.#paths : createPaths(units)
    this.#findPaths(text, start, units, paths)
    return this.#walkBack(text, start, units, paths, symbols, spans)
  }

  #findPaths(text: string, start: number, units: number, { scores, from, ids }: Paths): void {
    const trie = this.#trie
    from.fill(-1, 0, units + 1)
    scores[0] = 0
    const offer = (at: number, to: number, id: number, score: number): void => {
      if (from[to] >= 0 && score <= scores[to]) return
      scores[to] = score
      from[to] = at
      ids[to] = id
    }
    for (let at = 0; at < units;) {
      const width = text.codePointAt(start + at)! > 0xffff ? 2 : 1
      let known = false
      for (let to = at, node = 0; to < units;) {
        node = nextNode(trie, node, text.charCodeAt(start + to++))
        if (node < 0) break
        const id = trie.ids[node]
        if (id < 0) continue
        offer(at, to, id, this.#data.scores[id] + scores[at])
        if (to === at + width) known = true
      }
      if (!known) offer(at, at + width, this.#data.unknownId, this.#unknownScore + scores[at])
      at += width
    }
  }

  /** Writes the ids from the end of the best path to its start, then turns them round. Unknowns in a row become one. */
  #walkBack(
    text: string,
    start: number,
    units: number,
    { from, ids }: Paths,
    symbols: Int32Array,
    spans?: Int32Array,
  ): number {
    const { unknownId } = this.#data
    let length = 0
    const put = (id: number, first: number, last: number): void => {
      symbols[length] = id
      spans?.set([start + first, start + last], length * 2)
      length++
    }
    for (let to = units; to > 0;) {
      let first = from[to]
      if (ids[to] !== unknownId) put(ids[to], first, to)
      else {
        while (first > 0 && ids[first] === unknownId) first = from[first]
        this.#spellUnknown(text.slice(start + first, start + to)).forEach((id) => put(id, first, to))
      }
      to = first
    }
    symbols.subarray(0, length).reverse()
    if (spans) reverseSpans(spans.subarray(0, length * 2))
    return length
  }

  /** Ids for unknown text, last first. */
  #spellUnknown(text: string): number[] {
    const { byteIds, unknownId } = this.#data
    const known = this.vocabulary.get(text)
    if (known !== undefined || !byteIds) return [known ?? unknownId]
    const ids = Array.from(utf8.encode(text), (byte) => byteIds[byte])
    return ids.includes(-1) ? [unknownId] : ids.toReversed()
  }
}

/** Turns spans round. As a whole, starts and ends change places. */
function reverseSpans(spans: Int32Array): void {
  spans.reverse()
  for (let i = 0; i < spans.length; i += 2) spans.set([spans[i + 1], spans[i]], i)
}
