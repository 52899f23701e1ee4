/** Places in the midst of texts. They save a worker that takes over the time of reading what was drawn; a text never fails for them. */
import { createHash } from 'node:crypto'
import type { StateStore } from '../stores/contract.js'
import type { TurnCheckpoints } from '../turns/run-turn.js'
import type { Turn } from '../turns/turn.js'
import { tenantWord } from './ids.js'

export interface CheckpointOptions {
  readonly store: StateStore
  /** Drawn tokens between two. */
  readonly every: number
  readonly onError: (error: unknown) => void
}

export const checkpointsPrefix = 'checkpoints/'

export function turnCheckpoints({ store, every, onError }: CheckpointOptions): TurnCheckpoints {
  const trying = async <T>(work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work()
    } catch (error) {
      onError(error)
      return null
    }
  }
  return {
    every,
    async save(turn, of, { bytes, drawn }) {
      await trying(async () => {
        const prefix = prefixOf(turn, of)
        const before = await store.list(prefix)
        const key = `${prefix}${String(drawn).padStart(10, '0')}-${hashOf(bytes)}`
        await store.put(key, bytes)
        for (const old of before) if (old !== key) await store.delete(old)
      })
    },
    async load(turn, of, drawn) {
      const keys = (await trying(() => store.list(prefixOf(turn, of)))) ?? []
      for (const key of keys.toReversed()) {
        const [count, hash] = key.split('-').slice(-2)
        if (Number(count) > drawn) continue
        const bytes = await trying(() => store.get(key))
        if (bytes && hashOf(bytes) === hash) return { bytes, drawn: Number(count) }
      }
      return null
    },
    async forget(turn) {
      await trying(async () => {
        for (const key of await store.list(prefixOf(turn))) await store.delete(key)
      })
    },
  }
}

/** No folder of its own for a turn: on a disk it would stay when the turn is over. */
function prefixOf({ tenant, id }: Turn, of?: number): string {
  return `${checkpointsPrefix}${tenantWord(tenant)}/${id}-${of === undefined ? '' : `${of}-`}`
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
