import { memoryStores } from '../../stores/memory/memory-stores.js'
import { Quotas } from '../../sessions/quotas.js'
import {
  type SessionRecord,
  beginning,
  decodeRecord,
  encodeRecord,
  revisionKey,
  revisionsPrefix,
} from '../../sessions/records.js'
import { Sessions } from '../../sessions/sessions.js'
import { turnCheckpoints } from '../../sessions/turn-checkpoints.js'
import { turnSessions } from '../../sessions/turn-sessions.js'
import type { StateStore, Stores } from '../../stores/contract.js'
import { Turns } from '../../turns/turns.js'
import { TurnWorker } from '../../turns/worker.js'
import type { Gateway } from './client.js'
import { fakeEngine, identity } from './fake-engine.js'
import { SimProcess, type Moment } from './process.js'
import { remoteStores } from './remote-stores.js'
import type { Scheduler } from './scheduler.js'

export interface ClusterOptions {
  readonly gateways: number
  readonly workers: number
  readonly rows: number
  readonly stepMs: number
  readonly latencyMs: () => number
  readonly checkpointEvery: number | null
  /** Called at every moment of every call of every process. */
  readonly onMoment: (process: SimProcess, moment: Moment, call: string) => Error | void
}

interface Worker {
  readonly process: SimProcess
  readonly worker: TurnWorker
  readonly engine: ReturnType<typeof fakeEngine>
}

export const TENANT = 'default'
export const LEASE_MS = 5000
// what a supervisor takes to start a process in the place of one that has gone
const RESTART_MS = 1000
const RECONNECT_MS = 100

/** Gateways and workers over one set of stores; what is killed is replaced, as a supervisor would. */
export class Cluster {
  readonly stores: Stores
  readonly gateways: Gateway[] = []
  readonly workers: Worker[] = []
  readonly errors: unknown[] = []
  /** All that was ever put, as it was put first: what was kept of it is another matter. */
  readonly written = new Map<string, Uint8Array>()
  readonly #scheduler: Scheduler
  readonly #options: ClusterOptions
  #jumpedMs = 0
  #count = 0
  #next = 0

  constructor(scheduler: Scheduler, options: ClusterOptions) {
    this.#scheduler = scheduler
    this.#options = options
    const stores = memoryStores({
      now: () => scheduler.now + this.#jumpedMs,
      after: (ms, callback) => scheduler.at(ms, callback),
    })
    this.stores = { ...stores, states: this.#noting(stores.states) }
    for (let count = 0; count < options.gateways; count += 1) this.#startGateway()
    for (let count = 0; count < options.workers; count += 1) this.#startWorker()
  }

  /** An empty session with this id. */
  async createSession(id: string): Promise<void> {
    const fixed = { id, tenant: TENANT, turn: null, from: null, ttlMs: null, model: identity, deleted: false }
    const record: SessionRecord = { ...beginning, ...fixed, rev: 0, created: 0, updated: 0 }
    await this.stores.states.put(revisionKey(TENANT, id, 0), encodeRecord(record), { ifAbsent: true })
  }

  /** All revisions that a session ever had, after the first. */
  revisions(id: string): SessionRecord[] {
    const prefix = revisionsPrefix(TENANT, id)
    const own = [...this.written].filter(([key]) => key.startsWith(prefix))
    const records = own.map(([key, bytes]) => decodeRecord(key, bytes) as SessionRecord)
    return records.filter(({ rev }) => rev > 0).toSorted((a, b) => a.rev - b.rev)
  }

  /** The clock by which leases run out and logs are forgotten goes forward at once. */
  jump(ms: number): void {
    this.#jumpedMs += ms
  }

  get live(): SimProcess[] {
    return [...this.gateways, ...this.workers].map(({ process }) => process).filter(({ isKilled }) => !isKilled)
  }

  /** One that runs, each in its turn; waits for one. */
  async gateway(): Promise<Gateway> {
    for (;;) {
      const live = this.gateways.filter(({ process }) => !process.isKilled)
      const found = live[this.#next++ % Math.max(1, live.length)]
      if (found !== undefined) return found
      await new Promise<void>((resolve) => void this.#scheduler.at(RECONNECT_MS, resolve))
    }
  }

  #startGateway(): void {
    const [process, stores] = this.#process('gateway', () => this.#startGateway())
    this.gateways.push({ process, turns: new Turns(stores, 100) })
  }

  #startWorker(): void {
    const [process, stores] = this.#process('worker', () => this.#startWorker())
    const { rows, stepMs, checkpointEvery: every } = this.#options
    const onError = (error: unknown): void => void this.errors.push(error)
    const engine = fakeEngine(process, { rows, stepMs })
    const worker = new TurnWorker({
      engine,
      stores,
      name: process.name,
      clock: process.clock,
      leaseMs: LEASE_MS,
      readAhead: 6,
      sessions: turnSessions(this.#sessions(process, stores.states), identity, process.clock),
      ...(every !== null && { checkpoints: turnCheckpoints({ store: stores.states, every, onError }) }),
      onError,
    })
    this.workers.push({ process, worker, engine })
  }

  #sessions(process: SimProcess, store: StateStore): Sessions {
    const quotas = new Quotas(store, { sessions: 1e9, snapshots: 1e9, bytes: 1e15 }, process.clock)
    return new Sessions({ store, quotas, model: identity, clock: process.clock })
  }

  #noting(states: StateStore): StateStore {
    return {
      put: async (key, bytes, options) => {
        const made = await states.put(key, bytes, options)
        if (made && !this.written.has(key)) this.written.set(key, bytes.slice())
        return made
      },
      get: (key) => states.get(key),
      delete: (key) => states.delete(key),
      list: (prefix, options) => states.list(prefix, options),
      close: () => states.close(),
    }
  }

  #process(kind: string, again: () => void): [SimProcess, Stores] {
    const { onMoment, latencyMs } = this.#options
    const process = new SimProcess(`${kind} ${this.#count++}`, this.#scheduler, { onMoment, latencyMs })
    process.onKill(() => this.#scheduler.at(RESTART_MS, again))
    return [process, remoteStores(this.stores, process, this.#scheduler)]
  }
}
