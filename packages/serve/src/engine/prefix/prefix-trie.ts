/**
 * Beginnings of prompts, and the states after some of them: a trie whose edges are chunks of tokens. It is bounded by bytes, the least
 * recently used go first, and each salt has a trie of its own: what one has put in neither serves another nor pushes out its share.
 */
import type { Snapshot } from '@retnet/core'

interface Node {
  readonly key: string
  readonly parent: Node | null
  readonly children: Map<string, Node>
  /** Tokens up to here. */
  readonly depth: number
  snapshot: Snapshot | null
}

interface Root {
  readonly node: Node
  /** From the one that was used longest ago; what leads to a node is younger than it. */
  readonly order: Set<Node>
  bytes: number
}

export interface PrefixTrieOptions {
  /** Tokens of an edge. */
  readonly chunkTokens: number
  /** Of one state. */
  readonly stateBytes: number
  /** Of all states and tokens. */
  readonly bytes: number
}

export interface Found {
  /** Tokens that the state has taken in. */
  readonly taken: number
  readonly snapshot: Snapshot
}

const nodeBytes = 200

export class PrefixTrie {
  readonly #options: PrefixTrieOptions
  readonly #roots = new Map<string, Root>()
  #bytes = 0
  /** States that were pushed out. */
  evicted = 0

  constructor(options: PrefixTrieOptions) {
    this.#options = options
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The state after the longest beginning of up to `limit` tokens. */
  find(salt: string, ids: Int32Array, limit: number): Found | null {
    const root = this.#roots.get(salt)
    if (root === undefined) return null
    const path = this.#path(root, ids, limit)
    const best = path.findLast(({ snapshot }) => snapshot !== null)
    if (best === undefined) return null
    touch(root, best)
    return { taken: best.depth, snapshot: best.snapshot! }
  }

  /** Remembers that a prompt begins so. Gives how many tokens of it another one had as well, whole chunks of them. */
  note(salt: string, ids: Int32Array, limit: number): number {
    const root = this.#rootOf(salt)
    const known = this.#path(root, ids, limit).at(-1)?.depth ?? 0
    const node = this.#grow(root, ids, limit)
    touch(root, node)
    this.#trim()
    return known
  }

  /** Keeps the state after the first `taken` tokens. */
  store(salt: string, ids: Int32Array, taken: number, snapshot: Snapshot): void {
    const root = this.#rootOf(salt)
    const node = this.#grow(root, ids, taken)
    if (node.parent === null) return
    if (node.snapshot === null) this.#count(root, this.#options.stateBytes)
    node.snapshot = snapshot
    touch(root, node)
    this.#trim()
  }

  /** True if there is a state after exactly so many tokens. */
  has(salt: string, ids: Int32Array, taken: number): boolean {
    const root = this.#roots.get(salt)
    const node = root && this.#path(root, ids, taken).at(-1)
    return node?.depth === taken && node.snapshot !== null
  }

  #rootOf(salt: string): Root {
    const known = this.#roots.get(salt)
    if (known) return known
    const node: Node = { key: '', parent: null, children: new Map(), depth: 0, snapshot: null }
    const root: Root = { node, order: new Set(), bytes: 0 }
    this.#roots.set(salt, root)
    return root
  }

  /** The nodes that are there, from the first chunk on. */
  #path(root: Root, ids: Int32Array, limit: number): Node[] {
    const path: Node[] = []
    for (let node: Node | undefined = root.node; node !== undefined;) {
      if (node.parent !== null) path.push(node)
      node =
        node.depth + this.#options.chunkTokens > limit ? undefined : node.children.get(this.#keyAt(ids, node.depth))
    }
    return path
  }

  #grow(root: Root, ids: Int32Array, limit: number): Node {
    const { chunkTokens } = this.#options
    let { node } = root
    while (node.depth + chunkTokens <= limit) {
      const key = this.#keyAt(ids, node.depth)
      let child = node.children.get(key)
      if (child === undefined) {
        child = { key, parent: node, children: new Map(), depth: node.depth + chunkTokens, snapshot: null }
        node.children.set(key, child)
        root.order.add(child)
        this.#count(root, this.#nodeBytes)
      }
      node = child
    }
    return node
  }

  get #nodeBytes(): number {
    return nodeBytes + 4 * this.#options.chunkTokens
  }

  #keyAt(ids: Int32Array, at: number): string {
    const { buffer, byteOffset } = ids
    return Buffer.from(buffer, byteOffset + 4 * at, 4 * this.#options.chunkTokens).toString('latin1')
  }

  #count(root: Root, bytes: number): void {
    root.bytes += bytes
    this.#bytes += bytes
  }

  /** Whoever has the most has more than a share. */
  #trim(): void {
    while (this.#bytes > this.#options.bytes) {
      const [salt, root] = [...this.#roots].reduce((most, one) => (one[1].bytes > most[1].bytes ? one : most))
      this.#evict(root)
      if (root.order.size === 0) this.#roots.delete(salt)
    }
  }

  #evict(root: Root): void {
    for (const node of root.order) {
      if (node.snapshot !== null) {
        node.snapshot = null
        this.evicted++
        this.#count(root, -this.#options.stateBytes)
        if (node.children.size > 0) return
      }
      if (node.children.size > 0) continue
      node.parent!.children.delete(node.key)
      root.order.delete(node)
      this.#count(root, -this.#nodeBytes)
      return
    }
  }
}

/** Also what leads to it, which is then younger. */
function touch(root: Root, leaf: Node): void {
  for (let node = leaf; node.parent !== null; node = node.parent) {
    root.order.delete(node)
    root.order.add(node)
  }
}
