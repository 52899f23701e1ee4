/** A trie of token texts by UTF-16 code unit, with a table of first units so that most characters cost one look. */

export interface TrieNode<T> {
  value: T | undefined
  readonly next: Map<number, TrieNode<T>>
}

export interface TokenTrie<T> {
  readonly root: TrieNode<T>
  /** 1 where some text begins with the code unit. */
  readonly firstUnits: Uint8Array // [65536]
}

export interface TrieMatch<T> {
  readonly start: number
  readonly end: number
  readonly value: T
}

const node = <T>(): TrieNode<T> => ({ value: undefined, next: new Map() })

/** A trie of `entries`, whose texts are not empty. Of two equal texts the first holds. */
export function createTrie<T>(entries: Iterable<readonly [string, T]>): TokenTrie<T> {
  const trie: TokenTrie<T> = { root: node(), firstUnits: new Uint8Array(65536) }
  for (const [text, value] of entries) {
    trie.firstUnits[text.charCodeAt(0)] = 1
    let at = trie.root
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (!at.next.has(unit)) at.next.set(unit, node())
      at = at.next.get(unit)!
    }
    at.value ??= value
  }
  return trie
}

/** The leftmost match from `from` on, and of those that begin there the longest. */
export function findLeftmostLongest<T>(trie: TokenTrie<T>, text: string, from: number): TrieMatch<T> | undefined {
  for (let start = from; start < text.length; start++) {
    if (trie.firstUnits[text.charCodeAt(start)] === 0) continue
    let match: TrieMatch<T> | undefined
    let at: TrieNode<T> | undefined = trie.root
    for (let end = start; at !== undefined; end++) {
      if (at.value !== undefined) match = { start, end, value: at.value }
      at = end < text.length ? at.next.get(text.charCodeAt(end)) : undefined
    }
    if (match) return match
  }
  return undefined
}
