import { checkPrefix } from './common/check-key.js'
import type { StateStore } from './contract.js'

/** Two stores as one: keys that begin with `prefix` are in the first, all others in the second. */
export class SplitStates implements StateStore {
  readonly #prefix: string
  readonly #inside: StateStore
  readonly #outside: StateStore

  constructor(prefix: string, inside: StateStore, outside: StateStore) {
    this.#prefix = prefix
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
    if (prefix.startsWith(this.#prefix)) return this.#inside.list(prefix, options)
    if (!this.#prefix.startsWith(prefix)) return this.#outside.list(prefix, options)
    const inside = await this.#inside.list(this.#prefix, options)
    const both = [...inside, ...(await this.#outside.list(prefix, options))]
    return both.toSorted((a, b) => (a < b ? -1 : 1)).slice(0, options.limit ?? 1000)
  }

  async close(): Promise<void> {
    await this.#inside.close()
    await this.#outside.close()
  }

  #of(key: string): StateStore {
    return key.startsWith(this.#prefix) ? this.#inside : this.#outside
  }
}
