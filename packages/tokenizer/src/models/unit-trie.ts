/** A trie of tokens by UTF-16 code unit in typed arrays: what Unigram and WordPiece walk along a piece. */
import { addPair, createPairTable, NO_RANK, rankOf, type PairTable } from './pair-table.js'

export interface UnitTrie {
  /** From a node and a code unit to the next node. Node 0 is the root. */
  readonly edges: PairTable
  /** Id of the token that ends in a node, -1 for none. */
  readonly ids: Int32Array // [nodes]
}

export function createUnitTrie(tokens: ReadonlyMap<string, number>): UnitTrie {
  const nodes = countNodes([...tokens.keys()])
  const edges = createPairTable(nodes)
  const ids = new Int32Array(nodes + 1).fill(-1)
  let last = 0
  for (const [token, id] of tokens) {
    let node = 0
    for (let i = 0; i < token.length; i++) {
      const next = rankOf(edges, node, token.charCodeAt(i))
      if (next === NO_RANK) addPair(edges, node, token.charCodeAt(i), ++last, 0)
      node = next === NO_RANK ? last : next
    }
    ids[node] = id
  }
  return { edges, ids }
}

/** The node behind `node` for a code unit, -1 if no token goes on so. */
export function nextNode(trie: UnitTrie, node: number, unit: number): number {
  const next = rankOf(trie.edges, node, unit)
  return next === NO_RANK ? -1 : next
}

/** How many beginnings the tokens have: in sorted order each adds what it does not share with the one before. */
function countNodes(tokens: string[]): number {
  let count = 0
  let before = ''
  for (const token of tokens.sort()) {
    let shared = 0
    while (shared < token.length && token[shared] === before[shared]) shared++
    count += token.length - shared
    before = token
  }
  return count
}
