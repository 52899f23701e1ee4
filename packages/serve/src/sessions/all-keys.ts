import type { StateStore } from '../stores/contract.js'

/** All keys that begin with `prefix`, in order. */
export async function* allKeys(store: StateStore, prefix: string): AsyncGenerator<string, void, undefined> {
  const limit = 1000
  for (let after: string | undefined = ''; after !== undefined;) {
    const keys: string[] = await store.list(prefix, { after, limit })
    yield* keys
    after = keys.length < limit ? undefined : keys.at(-1)
  }
}
