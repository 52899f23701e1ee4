import { Bell } from '../common/bell.js'
import { closedError } from '../common/closed.js'
import { isNews } from '../common/entries.js'
import { FencedError, LogGoneError } from '../errors.js'
import type { AppendOptions, Json, Lease, LogContent, LogStatus, TokenLog } from '../contract.js'
import type { MemoryLeases } from './memory-leases.js'

/** Milliseconds that a log is kept which nobody writes to and nobody closes. */
export const FORGOTTEN_MS = 24 * 3600 * 1000

const SWEEP_MS = 5000

class Log implements LogStatus {
  readonly entries: Json[] = []
  readonly bell = new Bell()
  closed = false
  reached = 0
  cancelled = false
  expires = 0

  get length(): number {
    return this.entries.length
  }

  from(index: number): readonly Json[] {
    return this.entries.slice(index)
  }
}

/** Logs of one process. An append costs one look at the lease and one push; who follows is woken in a microtask. */
export class MemoryLog implements TokenLog {
  readonly #logs = new Map<string, Log>()
  readonly #callbacks = new Set<(turn: string) => void>()
  readonly #leases: MemoryLeases
  #nextSweep = 0
  #closed = false

  constructor(leases: MemoryLeases) {
    this.#leases = leases
  }

  async open(scope: string, turn: string, ttlMs: number): Promise<void> {
    this.#check()
    if (this.#find(scope, turn) === undefined) this.#begin(scope, turn, ttlMs)
  }

  async append(
    lease: Lease,
    turn: string,
    index: number,
    entries: readonly Json[],
    { ttlMs, last }: AppendOptions,
  ): Promise<LogStatus> {
    this.#check()
    if (!this.#leases.holds(lease)) throw new FencedError(lease.scope, lease.epoch)
    const log = this.#find(lease.scope, turn) ?? this.#begin(lease.scope, turn)
    const news = isNews(log, turn, index, entries, last !== undefined)
    this.#leases.extend(lease, ttlMs)
    if (news) this.#add(log, entries, last?.keepMs)
    // over at once: its tokens are not held until somebody sweeps
    if (last?.keepMs === 0) this.#logs.delete(`${lease.scope}\n${turn}`)
    return { reached: log.reached, cancelled: log.cancelled }
  }

  async read(scope: string, turn: string, from = 0): Promise<LogContent> {
    this.#check()
    const log = this.#find(scope, turn)
    if (log === undefined) return { entries: [], closed: false, reached: 0, cancelled: false }
    return { entries: log.from(from), closed: log.closed, reached: log.reached, cancelled: log.cancelled }
  }

  async *follow(scope: string, turn: string, from: number, signal?: AbortSignal): AsyncGenerator<readonly Json[]> {
    this.#check()
    const log = this.#find(scope, turn)
    if (log === undefined) throw new LogGoneError(turn)
    for (let at = from; ;) {
      this.#check()
      if (signal?.aborted) return
      const entries = log.from(at)
      at += entries.length
      if (entries.length > 0) yield entries
      else if (log.closed) return
      else if (this.#isOver(log)) throw new LogGoneError(turn)
      else await log.bell.wait(signal)
    }
  }

  async reached(scope: string, turn: string, index: number): Promise<void> {
    this.#check()
    const log = this.#find(scope, turn)
    if (log !== undefined) log.reached = Math.max(log.reached, index)
  }

  async cancel(scope: string, turn: string): Promise<void> {
    this.#check()
    const log = this.#find(scope, turn) ?? this.#begin(scope, turn)
    if (log.closed || log.cancelled) return
    log.cancelled = true
    for (const callback of this.#callbacks) queueMicrotask(() => callback(turn))
  }

  onCancel(callback: (turn: string) => void): () => void {
    const own = (turn: string): void => callback(turn)
    this.#callbacks.add(own)
    return () => this.#callbacks.delete(own)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const log of this.#logs.values()) log.bell.ring()
  }

  #add(log: Log, entries: readonly Json[], keepMs: number | undefined): void {
    for (const entry of entries) log.entries.push(entry)
    log.closed = keepMs !== undefined
    log.expires = this.#leases.clock.now() + (keepMs ?? FORGOTTEN_MS)
    if (entries.length > 0 || log.closed) log.bell.ring()
  }

  #find(scope: string, turn: string): Log | undefined {
    const log = this.#logs.get(`${scope}\n${turn}`)
    return log === undefined || this.#isOver(log) ? undefined : log
  }

  #begin(scope: string, turn: string, ttlMs = FORGOTTEN_MS): Log {
    this.#sweep()
    const log = new Log()
    log.expires = this.#leases.clock.now() + ttlMs
    this.#logs.set(`${scope}\n${turn}`, log)
    return log
  }

  #isOver(log: Log): boolean {
    return log.expires <= this.#leases.clock.now()
  }

  #sweep(): void {
    const now = this.#leases.clock.now()
    if (now < this.#nextSweep) return
    this.#nextSweep = now + SWEEP_MS
    for (const [key, log] of this.#logs) {
      if (log.expires > now) continue
      this.#logs.delete(key)
      log.bell.ring()
    }
  }

  #check(): void {
    if (this.#closed) throw closedError('log')
  }
}
