import { randomUUID } from 'node:crypto'
import { QueueFullError } from '../../errors.js'
import { Bell } from '../common/bell.js'
import { closedError } from '../common/closed.js'
import { type Clock, systemClock } from '../common/clock.js'
import { waitFor } from '../common/wait-for.js'
import type { Claim, ClaimOptions, QueueStatus, Work, WorkQueue } from '../contract.js'
import { ScopeBusyError } from '../errors.js'

/** Milliseconds of waiting that count as one more of priority. */
export const AGING_MS = 10_000

// a person reads the last ones, if any
const BURIED_KEPT = 1000

interface Item {
  readonly work: Work
  /** Smaller is sooner. Constant, because everyone ages alike. */
  readonly rank: number
  /** Among equals what was pushed earlier is sooner. */
  readonly order: number
  /** When it last began to wait. */
  since: number
  /** Waiting: may be taken from here on. Taken: left behind from here on. */
  due: number
  idleMs: number
  token: string | null
  deliveries: number
}

/** Work of one process: the waiting sorted by rank, the taken by scope. */
export class MemoryQueue implements WorkQueue {
  readonly #waiting: Item[] = []
  readonly #taken = new Set<Item>()
  readonly #scopes = new Map<string, Item>()
  readonly #buried: { readonly work: Work; readonly reason: string }[] = []
  readonly #bell = new Bell()
  readonly #clock: Clock
  readonly #agingMs: number
  #buriedCount = 0
  #pushed = 0
  #closed = false

  constructor(clock: Clock = systemClock, agingMs = AGING_MS) {
    this.#clock = clock
    this.#agingMs = agingMs
  }

  async push(work: Work, limit = Infinity): Promise<void> {
    this.#check()
    const present = this.#scopes.get(work.scope)
    if (present?.work.id === work.id) return
    if (present !== undefined) throw new ScopeBusyError(work.scope)
    const now = this.#clock.now()
    if (this.#waiting.length + this.#leftBehind(now).length >= limit) throw new QueueFullError(limit)
    const rank = now - work.priority * this.#agingMs
    const item = { work, rank, order: this.#pushed++, since: now, due: now, idleMs: 0, token: null, deliveries: 0 }
    this.#scopes.set(work.scope, item)
    this.#wait(item)
  }

  claim({ idleMs, signal }: ClaimOptions): Promise<Claim | null> {
    const attempt = (): Claim | undefined => {
      this.#check()
      const item = this.#next(this.#clock.now())
      return item && this.#take(item, idleMs)
    }
    return waitFor(attempt, { bell: this.#bell, clock: this.#clock, due: () => this.#due(), signal })
  }

  async extend(claim: Claim): Promise<boolean> {
    this.#check()
    const item = this.#own(claim)
    if (item === undefined) return false
    item.due = this.#clock.now() + item.idleMs
    return true
  }

  async finish(claim: Claim): Promise<void> {
    this.#check()
    const item = this.#own(claim)
    if (item !== undefined) this.#forget(item)
  }

  async giveBack(claim: Claim, delayMs = 0, counts = true): Promise<void> {
    this.#check()
    const item = this.#own(claim)
    if (item === undefined) return
    const now = this.#clock.now()
    this.#taken.delete(item)
    if (!counts) item.deliveries -= 1
    Object.assign(item, { token: null, since: now, due: now + delayMs })
    this.#wait(item)
  }

  async bury(claim: Claim, reason: string): Promise<void> {
    this.#check()
    const item = this.#own(claim)
    if (item === undefined) return
    this.#forget(item)
    this.#buriedCount += 1
    this.#buried.push({ work: item.work, reason })
    if (this.#buried.length > BURIED_KEPT) this.#buried.shift()
  }

  async find(scope: string): Promise<string | null> {
    this.#check()
    return this.#scopes.get(scope)?.work.id ?? null
  }

  async status(): Promise<QueueStatus> {
    this.#check()
    const now = this.#clock.now()
    const left = this.#leftBehind(now)
    let oldest = now
    for (const { since } of this.#waiting) oldest = Math.min(oldest, since)
    for (const { due } of left) oldest = Math.min(oldest, due)
    const waiting = this.#waiting.length + left.length
    return { waiting, claimed: this.#taken.size - left.length, buried: this.#buriedCount, oldestMs: now - oldest }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#bell.ring()
  }

  #next(now: number): Item | undefined {
    const [left] = this.#leftBehind(now).toSorted((a, b) => a.due - b.due)
    return left ?? this.#waiting.find(({ due }) => due <= now)
  }

  #take(item: Item, idleMs: number): Claim {
    if (item.token === null) this.#waiting.splice(this.#waiting.indexOf(item), 1)
    const token = randomUUID()
    Object.assign(item, { token, idleMs, due: this.#clock.now() + idleMs, deliveries: item.deliveries + 1 })
    this.#taken.add(item)
    return { ...item.work, deliveries: item.deliveries, token }
  }

  #wait(item: Item): void {
    const at = this.#waiting.findLastIndex(
      ({ rank, order }) => rank < item.rank || (rank === item.rank && order < item.order),
    )
    this.#waiting.splice(at + 1, 0, item)
    this.#bell.ring()
  }

  #forget(item: Item): void {
    this.#taken.delete(item)
    this.#scopes.delete(item.work.scope)
  }

  #own({ scope, token }: Claim): Item | undefined {
    const item = this.#scopes.get(scope)
    return item?.token === token ? item : undefined
  }

  #leftBehind(now: number): Item[] {
    return [...this.#taken].filter(({ due }) => due <= now)
  }

  #due(): number {
    let due = Infinity
    for (const item of this.#waiting) due = Math.min(due, item.due)
    for (const item of this.#taken) due = Math.min(due, item.due)
    return due
  }

  #check(): void {
    if (this.#closed) throw closedError('queue')
  }
}
