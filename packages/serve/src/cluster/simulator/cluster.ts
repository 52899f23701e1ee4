import { memoryStores } from '../../stores/memory/memory-stores.js'
import type { Stores } from '../../stores/contract.js'
import { Turns } from '../../turns/turns.js'
import { TurnWorker } from '../../turns/worker.js'
import type { Gateway } from './client.js'
import { fakeEngine } from './fake-engine.js'
import { SimProcess, type Moment } from './process.js'
import { remoteStores } from './remote-stores.js'
import type { Scheduler } from './scheduler.js'
import { recordSessions, stateCheckpoints } from './session-records.js'

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
  readonly #scheduler: Scheduler
  readonly #options: ClusterOptions
  #jumpedMs = 0
  #count = 0
  #next = 0

  constructor(scheduler: Scheduler, options: ClusterOptions) {
    this.#scheduler = scheduler
    this.#options = options
    this.stores = memoryStores({
      now: () => scheduler.now + this.#jumpedMs,
      after: (ms, callback) => scheduler.at(ms, callback),
    })
    for (let count = 0; count < options.gateways; count += 1) this.#startGateway()
    for (let count = 0; count < options.workers; count += 1) this.#startWorker()
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
    const { rows, stepMs, checkpointEvery } = this.#options
    const engine = fakeEngine(process, { rows, stepMs })
    const worker = new TurnWorker({
      engine,
      stores,
      name: process.name,
      clock: process.clock,
      leaseMs: LEASE_MS,
      readAhead: 6,
      sessions: recordSessions(stores.states),
      ...(checkpointEvery !== null && { checkpoints: stateCheckpoints(stores.states, checkpointEvery) }),
      onError: (error) => this.errors.push(error),
    })
    this.workers.push({ process, worker, engine })
  }

  #process(kind: string, again: () => void): [SimProcess, Stores] {
    const { onMoment, latencyMs } = this.#options
    const process = new SimProcess(`${kind} ${this.#count++}`, this.#scheduler, { onMoment, latencyMs })
    process.onKill(() => this.#scheduler.at(RESTART_MS, again))
    return [process, remoteStores(this.stores, process, this.#scheduler)]
  }
}
