import { checkPrefix } from './common/check-key.js'
import type { StateStore } from './contract.js'

/** Two stores as one: keys that begin with one of `prefixes` are in the first, all others in the second. */
export class SplitStates implements StateStore {
  readonly #prefixes: readonly string[]
  readonly #inside: StateStore
  readonly #outside: StateStore

  constructor(prefixes: readonly string[], inside: StateStore, outside: StateStore) {
    this.#prefixes = prefixes
    this.#inside = inside
    this.#outside = outside
  }

  put(key: string, bytes: Uint8Array, options?: { readonly ifAbsent?: boolean }): Promise<boolean> {
    return this.#of(key).put(key, bytes, options)
  }

  get(key: string): Promise<Uint8Array | null> {
    return this.#of(key).get(key)
  }

  delete(key: string): Promise<void> {
    return this.#of(key).delete(key)
  }

  async list(prefix: string, options: { readonly after?: string; readonly limit?: number } = {}): Promise<string[]> {
    checkPrefix(prefix)
    if (this.#prefixes.some((each) => prefix.startsWith(each))) return this.#inside.list(prefix, options)
    const within = this.#prefixes.filter((each) => each.startsWith(prefix))
    const inside = await Promise.all(within.map((each) => this.#inside.list(each, options)))
    const all = [...inside.flat(), ...(await this.#outside.list(prefix, options))]
    return all.toSorted((a, b) => (a < b ? -1 : 1)).slice(0, options.limit ?? 1000)
  }

  async close(): Promise<void> {
    await this.#inside.close()
    await this.#outside.close()
  }

  #of(key: string): StateStore {
    return this.#prefixes.some((prefix) => key.startsWith(prefix)) ? this.#inside : this.#outside
  }
}
