import { randomUUID } from 'node:crypto'
import { QueueFullError } from '../../errors.js'
import { Bell } from '../common/bell.js'
import type { Clock } from '../common/clock.js'
import { waitFor } from '../common/wait-for.js'
import type { Claim, ClaimOptions, QueueStatus, Work, WorkQueue } from '../contract.js'
import { ScopeBusyError } from '../errors.js'
import type { Database } from './database.js'

// a person reads the last ones, if any
const BURIED_KEPT = 10_000

interface WorkRow {
  readonly seq: number
  readonly id: string
  readonly scope: string
  readonly priority: number
  readonly body: string
  readonly deliveries: number
}

interface StatusRow {
  readonly total: number
  readonly claimed: number
  readonly oldest: number | null
  readonly buried: number
}

/** Work in the database of one process. What a process before it had taken counts as left behind. */
export class SqliteQueue implements WorkQueue {
  readonly #database: Database
  readonly #clock: Clock
  readonly #agingMs: number
  readonly #bell = new Bell()

  constructor(database: Database, clock: Clock, agingMs: number) {
    this.#database = database
    this.#clock = clock
    this.#agingMs = agingMs
    database.run('UPDATE work SET due = min(due, ?)', clock.now())
  }

  async push(work: Work, limit = Infinity): Promise<void> {
    await this.#database.write(true, () => this.#push(work, limit))
    this.#bell.ring()
  }

  claim({ idleMs, signal }: ClaimOptions): Promise<Claim | null> {
    const attempt = (): Claim | undefined => this.#database.transact(() => this.#claim(idleMs))
    return waitFor(attempt, { bell: this.#bell, clock: this.#clock, due: () => this.#due(), signal })
  }

  extend({ scope, token }: Claim): Promise<boolean> {
    const sql = 'UPDATE work SET due = ? + idle_ms WHERE scope = ? AND token = ?'
    return this.#database.write(false, () => this.#database.run(sql, this.#clock.now(), scope, token) === 1)
  }

  async finish({ scope, token }: Claim): Promise<void> {
    const sql = 'DELETE FROM work WHERE scope = ? AND token = ?'
    await this.#database.write(false, () => this.#database.run(sql, scope, token))
  }

  async giveBack({ scope, token }: Claim, delayMs = 0, counts = true): Promise<void> {
    const sql = `UPDATE work SET token = NULL, since = ?, due = ?, deliveries = deliveries - ?
      WHERE scope = ? AND token = ?`
    const now = this.#clock.now()
    await this.#database.write(false, () => this.#database.run(sql, now, now + delayMs, counts ? 0 : 1, scope, token))
    this.#bell.ring()
  }

  async bury({ scope, token }: Claim, reason: string): Promise<void> {
    const copy = `INSERT INTO buried SELECT id, scope, body, deliveries, ?, ? FROM work WHERE scope = ? AND token = ?`
    await this.#database.write(true, () => {
      this.#database.run(copy, reason, this.#clock.now(), scope, token)
      this.#database.run('DELETE FROM buried WHERE rowid <= (SELECT max(rowid) FROM buried) - ?', BURIED_KEPT)
      this.#database.run('DELETE FROM work WHERE scope = ? AND token = ?', scope, token)
    })
  }

  async find(scope: string): Promise<string | null> {
    return this.#of(scope)?.id ?? null
  }

  async status(): Promise<QueueStatus> {
    const now = this.#clock.now()
    const sql = `SELECT count(*) AS total, count(*) FILTER (WHERE token IS NOT NULL AND due > ?1) AS claimed,
      min(CASE WHEN token IS NULL THEN since WHEN due <= ?1 THEN due END) AS oldest,
      (SELECT count(*) FROM buried) AS buried FROM work`
    const { total, claimed, oldest, buried } = this.#database.all<StatusRow>(sql, now)[0]
    const oldestMs = oldest === null ? 0 : Math.max(0, now - oldest)
    return { waiting: total - claimed, claimed, buried, oldestMs }
  }

  async close(): Promise<void> {
    this.#database.close()
    this.#bell.ring()
  }

  #push({ id, scope, priority, body }: Work, limit: number): void {
    const present = this.#of(scope)
    if (present?.id === id) return
    if (present !== undefined) throw new ScopeBusyError(scope)
    const now = this.#clock.now()
    if (limit < Infinity && this.#waiting(now) >= limit) throw new QueueFullError(limit)
    const sql = 'INSERT INTO work (id, scope, priority, body, rank, since, due) VALUES (?, ?, ?, ?, ?, ?, ?)'
    this.#database.run(sql, id, scope, priority, JSON.stringify(body), now - priority * this.#agingMs, now, now)
  }

  #of(scope: string): Pick<WorkRow, 'id'> | undefined {
    return this.#database.all<WorkRow>('SELECT id FROM work WHERE scope = ?', scope)[0]
  }

  #claim(idleMs: number): Claim | undefined {
    const now = this.#clock.now()
    const left = 'SELECT * FROM work WHERE token IS NOT NULL AND due <= ? ORDER BY due, seq LIMIT 1'
    const next = 'SELECT * FROM work WHERE token IS NULL AND due <= ? ORDER BY rank, seq LIMIT 1'
    const row = this.#database.all<WorkRow>(left, now)[0] ?? this.#database.all<WorkRow>(next, now)[0]
    if (row === undefined) return undefined
    const token = randomUUID()
    const sql = 'UPDATE work SET token = ?, idle_ms = ?, due = ?, deliveries = deliveries + 1 WHERE seq = ?'
    this.#database.run(sql, token, idleMs, now + idleMs, row.seq)
    return toClaim(row, token)
  }

  #waiting(now: number): number {
    const sql = 'SELECT count(*) AS count FROM work WHERE token IS NULL OR due <= ?'
    return this.#database.all<{ count: number }>(sql, now)[0].count
  }

  #due(): number {
    return this.#database.all<{ due: number | null }>('SELECT min(due) AS due FROM work')[0].due ?? Infinity
  }
}

function toClaim({ id, scope, priority, body, deliveries }: WorkRow, token: string): Claim {
  return { id, scope, priority, body: JSON.parse(body) as Claim['body'], deliveries: deliveries + 1, token }
}
