/** Bytes of places in texts. Their hash is part of their key, and none is given out that does not have it. */
import { createHash, randomBytes } from 'node:crypto'
import type { StateStore } from '../stores/contract.js'
import { StoreError } from '../stores/errors.js'
import { sharedKey, statesPrefix } from './records.js'

export class SavedStates {
  readonly #store: StateStore

  constructor(store: StateStore) {
    this.#store = store
  }

  /**
   * Gives the key, made of hash, size and a random part: of equal bytes that are put twice one copy can be deleted while somebody is
   * about to refer to the other.
   */
  async put(tenant: string, bytes: Uint8Array): Promise<string> {
    const key = `${statesPrefix(tenant)}${hashOf(bytes)}-${bytes.length}-${randomBytes(8).toString('hex')}`
    await this.#store.put(key, bytes)
    return key
  }

  /** Throws StoreError: 'unavailable' if they are not there, 'damaged' if they are not what was put. */
  async get(key: string): Promise<Uint8Array> {
    const bytes = await this.#store.get(key)
    if (bytes === null) throw new StoreError('unavailable', `${key}: the state is missing.`)
    const [hash] = partsOf(key)
    if (bytes.length === stateSize(key) && hashOf(bytes) === hash) return bytes
    throw new StoreError('damaged', `${key}: the state is not what was put there.`)
  }

  /** From now on others than the first one may refer to it, and it is deleted by a sweep alone. */
  async share(key: string | null): Promise<void> {
    if (key !== null) await this.#store.put(sharedKey(key), new Uint8Array())
  }

  /** The one who could refer to it does no more. */
  async release(key: string | null): Promise<void> {
    if (key === null) return
    if ((await this.#store.get(sharedKey(key))) === null) await this.#store.delete(key)
  }
}

/** Bytes of the state with this key. */
export function stateSize(key: string): number {
  return Number(partsOf(key)[1])
}

function partsOf(key: string): string[] {
  return key.slice(key.lastIndexOf('/') + 1).split('-')
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
