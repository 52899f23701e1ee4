import { ApiError } from '../../api/api-error.js'
import type { StateStore } from '../../stores/contract.js'
import type { TurnCheckpoints, TurnSessions } from '../../turns/run-turn.js'

export interface SessionRecord {
  readonly rev: number
  readonly turn: string
  readonly length: number
  readonly state: string
}

const encoder = new TextEncoder()
const pad = (count: number): string => String(count).padStart(8, '0')

export async function readRecords(states: StateStore, session: string): Promise<SessionRecord[]> {
  const keys = await states.list(`sessions/${session}/`)
  const all = await Promise.all(keys.map((key) => states.get(key)))
  return all.map((bytes) => JSON.parse(new TextDecoder().decode(bytes!)) as SessionRecord)
}

/** Sessions by the bare protocol: a state, then a record of the revision that only one writer can make. */
export function recordSessions(states: StateStore): TurnSessions {
  return {
    async open({ id, session }) {
      const records = await readRecords(states, session!.id)
      const own = records.find(({ turn }) => turn === id)
      if (own) return { start: null, committed: own }
      if (records.length !== session!.rev) throw conflict()
      const last = records.at(-1)
      return { start: last ? await states.get(last.state) : null, committed: null }
    },
    async commit({ id, session }, { bytes, length }) {
      const rev = session!.rev + 1
      const state = `states/${session!.id}/${id}`
      await states.put(state, bytes)
      const record: SessionRecord = { rev, turn: id, length, state }
      const key = `sessions/${session!.id}/${pad(rev)}`
      if (await states.put(key, encoder.encode(JSON.stringify(record)), { ifAbsent: true })) return record
      const present = (await readRecords(states, session!.id))[rev - 1]
      if (present?.turn !== id) throw conflict()
      return present
    },
  }
}

export function stateCheckpoints(states: StateStore, every: number): TurnCheckpoints {
  const prefix = (turn: { readonly id: string }, of: number): string => `checkpoints/${turn.id}/${of}/`
  return {
    every,
    save: async (turn, of, { bytes, drawn }) => void (await states.put(prefix(turn, of) + pad(drawn), bytes)),
    async load(turn, of, most) {
      const keys = await states.list(prefix(turn, of))
      const key = keys.findLast((one) => Number(one.slice(-8)) <= most)
      const bytes = key === undefined ? null : await states.get(key)
      return bytes && { bytes, drawn: Number(key!.slice(-8)) }
    },
    async forget(turn) {
      for (const key of await states.list(`checkpoints/${turn.id}/`)) await states.delete(key)
    },
  }
}

function conflict(): ApiError {
  return new ApiError(400, 'rev_conflict', 'Another turn has made this revision.')
}
