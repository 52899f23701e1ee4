import { StoreError } from '../../stores/errors.js'
import type { LogEntry, Turn } from '../../turns/turn.js'
import { scopeOf } from '../../turns/turn.js'
import type { RunningTurn } from '../../turns/running-turn.js'
import type { Turns } from '../../turns/turns.js'
import type { SimProcess } from './process.js'

export interface Gateway {
  readonly process: SimProcess
  readonly turns: Turns
}

/** What a client has seen of its turn in the end. */
export interface Seen {
  readonly turn: Turn
  readonly entries: LogEntry[]
  /** `refused`: it was told no, or its connection ended before it was told anything. */
  readonly outcome: 'read' | 'refused'
  readonly error?: unknown
}

export class ConnectionLost extends Error {}

/** Throws ConnectionLost once the process is killed, however long `work` hangs. */
async function connected<T>(process: SimProcess, work: Promise<T>): Promise<T> {
  let release = (): void => {}
  const lost = new Promise<never>((_, reject) => {
    if (process.isKilled) reject(new ConnectionLost())
    release = process.onKill(() => reject(new ConnectionLost()))
  })
  try {
    return await Promise.race([work, lost])
  } finally {
    release()
  }
}

/** Sends a turn and reads it to its end, over as many gateways as it takes. Throws if two of them say different things. */
export async function runClient(
  gateway: () => Promise<Gateway>,
  turn: Turn,
  onGroup: (count: number, cancel: () => void) => void = () => {},
): Promise<Seen> {
  const entries: LogEntry[] = []
  const first = await gateway()
  let running: RunningTurn
  try {
    running = await connected(first.process, first.turns.begin(turn))
  } catch (error) {
    return { turn, entries, outcome: 'refused', error }
  }
  for (let { process } = first; ;) {
    try {
      await read(process, running, entries, onGroup)
      return { turn, entries, outcome: 'read' }
    } catch (error) {
      // a stream that ends with this error is asked for again from where it ended
      if (!(error instanceof ConnectionLost) && !(error instanceof StoreError)) throw error
    }
    const next = await gateway()
    process = next.process
    running = next.turns.resume(scopeOf(turn), turn.id)
  }
}

async function read(
  process: SimProcess,
  running: RunningTurn,
  entries: LogEntry[],
  onGroup: (count: number, cancel: () => void) => void,
): Promise<void> {
  const groups = running.entries()
  let at = 0
  for (;;) {
    const { done, value } = await connected(process, groups.next())
    if (done) return
    for (const entry of value) {
      const known = entries[at]
      if (known === undefined) entries.push(entry)
      else if (JSON.stringify(known) !== JSON.stringify(entry))
        throw new Error(`entry ${at} of ${running.id} has changed`)
      at += 1
    }
    onGroup(entries.length, () => void running.cancel())
  }
}
