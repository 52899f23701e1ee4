/** A trie of token texts by UTF-16 code unit, with a table of first units so that most characters cost one look. */

export interface TrieNode<T> {
  value?: T
  readonly next: Map<number, TrieNode<T>>
}

export interface TokenTrie<T> extends TrieNode<T> {
  /** The character that all texts begin with, if they do: it is found faster. */
  first: string | undefined
  /** 1 where some text begins with the code unit. */
  readonly firstUnits: Uint8Array // [65536]
}

export interface TrieMatch<T> {
  readonly start: number
  readonly end: number
  readonly value: T
}

/** A trie of `entries`, whose texts are not empty. Of two equal texts the first holds. */
export function createTrie<T>(entries: Iterable<readonly [string, T]>): TokenTrie<T> {
  const trie: TokenTrie<T> = { next: new Map(), first: undefined, firstUnits: new Uint8Array(65536) }
  for (const [text, value] of entries) {
    trie.firstUnits[text.charCodeAt(0)] = 1
    let at: TrieNode<T> = trie
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      const next = at.next.get(unit) ?? { next: new Map() }
      at.next.set(unit, next)
      at = next
    }
    at.value ??= value
  }
  if (trie.next.size === 1) trie.first = String.fromCharCode(...trie.next.keys())
  return trie
}

/** The leftmost match from `from` on, and of those that begin there the longest. */
export function findLeftmostLongest<T>(trie: TokenTrie<T>, text: string, from: number): TrieMatch<T> | undefined {
  for (let start = from; start < text.length; start++) {
    if (trie.first !== undefined) {
      start = text.indexOf(trie.first, start)
      if (start < 0) return undefined
    }
    if (trie.firstUnits[text.charCodeAt(start)] === 0) continue
    let match: TrieMatch<T> | undefined
    let at: TrieNode<T> | undefined = trie
    for (let end = start; (at = at.next.get(text.charCodeAt(end++)));) {
      if (at.value !== undefined) match = { start, end, value: at.value }
    }
    if (match) return match
  }
  return undefined
}
