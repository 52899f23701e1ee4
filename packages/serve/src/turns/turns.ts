/** The side that asks: puts turns in the queue and reads their logs. It knows no model. */
import type { Json, TokenLog, WorkQueue } from '../stores/contract.js'
import { QueueFullError } from '../errors.js'
import { RunningTurn } from './running-turn.js'
import { type LogEntry, type Turn, scopeOf } from './turn.js'

/** Milliseconds after which the log of a turn that nobody takes is forgotten. */
const unclaimedMs = 60 * 60 * 1000

export interface TurnStores {
  readonly queue: WorkQueue
  readonly log: TokenLog
}

export class Turns {
  readonly #stores: TurnStores
  readonly #limit: number
  readonly #open = new Set<RunningTurn>()
  #onIdle: (() => void)[] = []

  /** At most `limit` turns wait in the queue. */
  constructor(stores: TurnStores, limit: number) {
    this.#stores = stores
    this.#limit = limit
  }

  /** Turns that were begun here and have not ended. */
  get open(): number {
    return this.#open.size
  }

  /** Throws QueueFullError if `begin` would now. Costs nothing. */
  async requireRoom(): Promise<void> {
    const { waiting } = await this.#stores.queue.status()
    if (waiting >= this.#limit) throw new QueueFullError(this.#limit)
  }

  /** Throws QueueFullError, or ScopeBusyError if a turn is working on the session. */
  async begin(turn: Turn, priority = 0): Promise<RunningTurn> {
    const scope = scopeOf(turn)
    await this.#stores.log.open(scope, turn.id, unclaimedMs)
    await this.#stores.queue.push({ id: turn.id, scope, priority, body: turn as unknown as Json }, this.#limit)
    const running = new RunningTurn(this.#stores.log, scope, turn.id, turn.keepMs > 0)
    this.#open.add(running)
    void running.ended.then(() => this.#forget(running))
    return running
  }

  /** What is written of a turn by now; empty for one that is not there (any more). */
  async read(scope: string, id: string): Promise<readonly LogEntry[]> {
    return (await this.#stores.log.read(scope, id)).entries as unknown as readonly LogEntry[]
  }

  /** A turn that was begun here or elsewhere. */
  resume(scope: string, id: string): RunningTurn {
    return new RunningTurn(this.#stores.log, scope, id)
  }

  /** True while a turn that was begun here works in this scope. */
  isOpen(scope: string): boolean {
    return [...this.#open].some((running) => running.scope === scope)
  }

  /** Nobody wants the rest of the turn that works in this scope, wherever it was begun. What cannot be told is found out at its end. */
  async cancelIn(scope: string): Promise<void> {
    const id = await this.#stores.queue.find(scope).catch(() => null)
    if (id !== null) await this.resume(scope, id).cancel()
  }

  /** Resolves when all turns that were begun here have been read to their end, or given up. */
  async idle(): Promise<void> {
    if (this.#open.size > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }

  /** Ends all turns that were begun here; their readers get the error. */
  abort(error: Error): void {
    for (const running of this.#open) running.abort(error)
  }

  #forget(running: RunningTurn): void {
    this.#open.delete(running)
    if (this.#open.size === 0) for (const resolve of this.#onIdle.splice(0)) resolve()
  }
}
