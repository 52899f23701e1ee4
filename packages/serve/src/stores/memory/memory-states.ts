import { checkKey, checkPrefix } from '../common/check-key.js'
import { closedError } from '../common/closed.js'
import type { StateStore } from '../contract.js'

/** Objects in memory. What is put in and taken out are copies. */
export class MemoryStates implements StateStore {
  readonly #objects = new Map<string, Uint8Array>()
  #closed = false

  async put(key: string, bytes: Uint8Array, { ifAbsent = false }: { ifAbsent?: boolean } = {}): Promise<boolean> {
    this.#check(key)
    if (ifAbsent && this.#objects.has(key)) return false
    this.#objects.set(key, new Uint8Array(bytes))
    return true
  }

  async get(key: string): Promise<Uint8Array | null> {
    this.#check(key)
    return this.#objects.get(key)?.slice() ?? null
  }

  async delete(key: string): Promise<void> {
    this.#check(key)
    this.#objects.delete(key)
  }

  async list(prefix: string, { after = '', limit = 1000 }: { after?: string; limit?: number } = {}): Promise<string[]> {
    if (this.#closed) throw closedError('state store')
    checkPrefix(prefix)
    const keys = [...this.#objects.keys()].filter((key) => key.startsWith(prefix) && key > after)
    return keys.toSorted((a, b) => (a < b ? -1 : 1)).slice(0, limit)
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  #check(key: string): void {
    if (this.#closed) throw closedError('state store')
    checkKey(key)
  }
}
