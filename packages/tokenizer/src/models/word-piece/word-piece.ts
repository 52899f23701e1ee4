/** WordPiece: from left to right the longest token that fits; a word that does not come out is one unknown. */
import { CachedModel } from '../cached-model.js'
import { createUnitTrie, nextNode, type UnitTrie } from '../unit-trie.js'

export interface WordPieceData {
  readonly vocabulary: ReadonlyMap<string, number>
  readonly unknownId: number
  /** Put before every token of a word but the first. */
  readonly prefix: string
  /** Longer words, in characters, are unknown. */
  readonly longestWord: number
}

export class WordPiece extends CachedModel {
  readonly #data: WordPieceData
  readonly #trie: UnitTrie
  /** The node behind the prefix, -1 if no token has it. */
  readonly #inside: number

  constructor(data: WordPieceData) {
    super(data.vocabulary)
    this.#data = data
    this.#trie = createUnitTrie(data.vocabulary)
    let inside = 0
    for (let i = 0; i < data.prefix.length && inside >= 0; i++) {
      inside = nextNode(this.#trie, inside, data.prefix.charCodeAt(i))
    }
    this.#inside = inside
  }

  room(units: number): number {
    return units
  }

  write(text: string, start: number, end: number, symbols: Int32Array, spans?: Int32Array): number {
    const { longestWord, unknownId } = this.#data
    let length = 0
    let from = end - start > longestWord && characters(text, start, end) > longestWord ? -1 : start
    for (let node = 0; from >= 0 && from < end; node = this.#inside) {
      const to = this.#longest(text, from, end, node, symbols, length)
      spans?.set([from, to], length++ * 2)
      if (!spans) length++
      from = to
    }
    if (from >= 0) return length
    symbols[0] = unknownId
    spans?.set([start, end])
    return 1
  }

  /** Writes the longest token from `from` on to `symbols[at]`; returns its end, -1 for none. */
  #longest(text: string, from: number, end: number, node: number, symbols: Int32Array, at: number): number {
    const { ids } = this.#trie
    let found = -1
    for (let to = from; to < end && node >= 0;) {
      node = nextNode(this.#trie, node, text.charCodeAt(to++))
      if (node < 0 || ids[node] < 0) continue
      found = to
      symbols[at] = ids[node]
    }
    return found
  }
}

function characters(text: string, start: number, end: number): number {
  let count = 0
  for (let i = start; i < end; count++) i += text.codePointAt(i)! > 0xffff ? 2 : 1
  return count
}
