import { Bell } from '../common/bell.js'
import { isNews } from '../common/entries.js'
import type { AppendOptions, Json, Lease, LogContent, LogStatus, TokenLog } from '../contract.js'
import { FencedError, LogGoneError } from '../errors.js'
import type { MemoryLeases } from '../memory/memory-leases.js'
import { FORGOTTEN_MS } from '../memory/memory-log.js'
import type { Database } from './database.js'

// for who follows: it may have to read the rest of a log that was forgotten
const GRACE_MS = 60_000
const SWEEP_MS = 5000
const PAGE = 500

interface LogRow {
  readonly key: number
  readonly length: number
  readonly closed: 0 | 1
  readonly reached: number
  readonly cancelled: 0 | 1
  readonly expires: number
}

interface EntryRow {
  readonly past: number
  readonly count: number
  readonly json: string
}

/** Logs in the database of one process. One row holds what one append brought. */
export class SqliteLog implements TokenLog {
  readonly #database: Database
  readonly #leases: MemoryLeases
  readonly #bells = new Map<number, { readonly bell: Bell; followers: number }>()
  readonly #callbacks = new Set<(turn: string) => void>()
  #nextSweep = 0

  constructor(database: Database, leases: MemoryLeases) {
    this.#database = database
    this.#leases = leases
  }

  async open(scope: string, turn: string, ttlMs: number): Promise<void> {
    await this.#database.write(false, () => this.#find(scope, turn) ?? this.#begin(scope, turn, ttlMs))
  }

  async append(
    lease: Lease,
    turn: string,
    index: number,
    entries: readonly Json[],
    options: AppendOptions,
  ): Promise<LogStatus> {
    const body = (): LogRow => this.#append(lease, turn, index, entries, options)
    const log = await this.#database.write(options.last !== undefined, body)
    this.#bells.get(log.key)?.bell.ring()
    return statusOf(log)
  }

  async read(scope: string, turn: string, from = 0): Promise<LogContent> {
    const log = this.#find(scope, turn)
    if (log === undefined) return { entries: [], closed: false, reached: 0, cancelled: false }
    return { entries: this.#entries(log, from), closed: log.closed === 1, ...statusOf(log) }
  }

  async *follow(scope: string, turn: string, from: number, signal?: AbortSignal): AsyncGenerator<readonly Json[]> {
    const key = this.#find(scope, turn)?.key
    if (key === undefined) throw new LogGoneError(turn)
    const bell = this.#follow(key)
    try {
      for (let at = from; !aborted(signal);) {
        const [log] = this.#database.all<LogRow>('SELECT * FROM log WHERE key = ?', key)
        if (log === undefined) throw new LogGoneError(turn)
        const entries = this.#entries(log, at, PAGE)
        at += entries.length
        if (entries.length > 0) yield entries
        else if (log.closed === 1) return
        else if (this.#isOver(log)) throw new LogGoneError(turn)
        else await bell.wait(signal)
      }
    } finally {
      this.#leave(key)
    }
  }

  async reached(scope: string, turn: string, index: number): Promise<void> {
    const sql = 'UPDATE log SET reached = max(reached, ?) WHERE scope = ? AND turn = ?'
    await this.#database.write(false, () => this.#database.run(sql, index, scope, turn))
  }

  async cancel(scope: string, turn: string): Promise<void> {
    const news = await this.#database.write(true, () => {
      const { key } = this.#find(scope, turn) ?? this.#begin(scope, turn, FORGOTTEN_MS)
      return this.#database.run('UPDATE log SET cancelled = 1 WHERE key = ? AND cancelled = 0 AND closed = 0', key)
    })
    if (news === 1) for (const callback of this.#callbacks) callback(turn)
  }

  onCancel(callback: (turn: string) => void): () => void {
    const own = (turn: string): void => callback(turn)
    this.#callbacks.add(own)
    return () => this.#callbacks.delete(own)
  }

  async close(): Promise<void> {
    this.#database.close()
    for (const { bell } of this.#bells.values()) bell.ring()
  }

  #append(lease: Lease, turn: string, index: number, entries: readonly Json[], { ttlMs, last }: AppendOptions): LogRow {
    if (!this.#leases.holds(lease)) throw new FencedError(lease.scope, lease.epoch)
    const log = this.#find(lease.scope, turn)
    const end = { length: log?.length ?? 0, closed: log?.closed === 1 }
    const from = (at: number): Json[] => (log === undefined ? [] : this.#entries(log, at))
    const news = isNews({ ...end, from }, turn, index, entries, last !== undefined)
    this.#leases.extend(lease, ttlMs)
    const present = log ?? this.#begin(lease.scope, turn, FORGOTTEN_MS)
    if (news) this.#add(present, index, entries, last)
    return present
  }

  #add({ key }: LogRow, index: number, entries: readonly Json[], last: AppendOptions['last']): void {
    const past = index + entries.length
    const insert = 'INSERT INTO entry (log, past, count, json) VALUES (?, ?, ?, ?)'
    if (entries.length > 0) this.#database.run(insert, key, past, entries.length, JSON.stringify(entries))
    const expires = this.#leases.clock.now() + (last?.keepMs ?? FORGOTTEN_MS)
    const update = 'UPDATE log SET length = ?, closed = ?, expires = ? WHERE key = ?'
    this.#database.run(update, past, last === undefined ? 0 : 1, expires, key)
  }

  #entries({ key }: LogRow, from: number, limit = -1): Json[] {
    const sql = 'SELECT past, count, json FROM entry WHERE log = ? AND past > ? ORDER BY past LIMIT ?'
    const rows = this.#database.all<EntryRow>(sql, key, from, limit)
    return rows.flatMap(({ past, count, json }) => (JSON.parse(json) as Json[]).slice(Math.max(0, from - past + count)))
  }

  #find(scope: string, turn: string): LogRow | undefined {
    const [log] = this.#database.all<LogRow>('SELECT * FROM log WHERE scope = ? AND turn = ?', scope, turn)
    return log === undefined || this.#isOver(log) ? undefined : log
  }

  #begin(scope: string, turn: string, ttlMs: number): LogRow {
    this.#sweep()
    this.#database.run('DELETE FROM log WHERE scope = ? AND turn = ?', scope, turn)
    const sql = 'INSERT INTO log (scope, turn, expires) VALUES (?, ?, ?) RETURNING *'
    return this.#database.all<LogRow>(sql, scope, turn, this.#leases.clock.now() + ttlMs)[0]
  }

  #isOver({ expires }: LogRow): boolean {
    return expires <= this.#leases.clock.now()
  }

  #sweep(): void {
    const now = this.#leases.clock.now()
    if (now < this.#nextSweep) return
    this.#nextSweep = now + SWEEP_MS
    if (this.#database.run('DELETE FROM log WHERE expires <= ?', now - GRACE_MS) === 0) return
    for (const { bell } of this.#bells.values()) bell.ring()
  }

  #follow(key: number): Bell {
    const present = this.#bells.get(key) ?? { bell: new Bell(), followers: 0 }
    present.followers += 1
    this.#bells.set(key, present)
    return present.bell
  }

  #leave(key: number): void {
    const present = this.#bells.get(key)!
    present.followers -= 1
    if (present.followers === 0) this.#bells.delete(key)
  }
}

function statusOf({ reached, cancelled }: LogRow): LogStatus {
  return { reached, cancelled: cancelled === 1 }
}

function aborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}
