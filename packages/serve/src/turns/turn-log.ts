/** The one writer of a turn's log, as long as its lease holds. */
import { FencedError } from '../stores/errors.js'
import type { Json, Lease, LogStatus, TokenLog } from '../stores/contract.js'
import type { LogEntry, Turn } from './turn.js'

/** A short turn can be over before its reader begins to follow. */
const readerBeginsMs = 10_000

export class TurnLog {
  readonly #log: TokenLog
  readonly #turn: Turn
  readonly #lease: Lease
  readonly #ttlMs: number
  #length: number
  #status: LogStatus
  #tail: Promise<unknown> = Promise.resolve()

  constructor(log: TokenLog, turn: Turn, lease: Lease, options: { ttlMs: number; length: number; status: LogStatus }) {
    this.#log = log
    this.#turn = turn
    this.#lease = lease
    this.#ttlMs = options.ttlMs
    this.#length = options.length
    this.#status = options.status
  }

  /** Entries that no reader has taken yet. */
  get ahead(): number {
    return this.#length - this.#status.reached
  }

  get length(): number {
    return this.#length
  }

  get isCancelled(): boolean {
    return this.#status.cancelled
  }

  /** Throws FencedError once another writer has begun: then nothing was written. No entries: renews the lease. */
  write(entries: readonly LogEntry[], closes = false): Promise<void> {
    const work = this.#tail.then(() => this.#append(entries as unknown as readonly Json[], closes))
    this.#tail = work.catch(() => {})
    return work
  }

  async #append(entries: readonly Json[], closes: boolean): Promise<void> {
    const last = closes ? { keepMs: Math.max(this.#turn.keepMs, readerBeginsMs) } : undefined
    const options = { ttlMs: this.#ttlMs, ...(last && { last }) }
    this.#status = await this.#log.append(this.#lease, this.#turn.id, this.#length, entries, options)
    this.#length += entries.length
  }
}

export function isFenced(error: unknown): boolean {
  return error instanceof FencedError
}
