import { randomUUID } from 'node:crypto'
import { closedError } from '../common/closed.js'
import { type Clock, systemClock } from '../common/clock.js'
import type { Lease, LeaseStore } from '../contract.js'

interface Held {
  readonly lease: Lease
  until: number
}

/** Leases of one process. Epochs count over all scopes, so that nothing has to be kept of a scope that is free. */
export class MemoryLeases implements LeaseStore {
  readonly #held = new Map<string, Held>()
  #sweepAt = 64
  #epoch: number
  #closed = false

  constructor(
    readonly clock: Clock = systemClock,
    epoch = 0,
  ) {
    this.#epoch = epoch
  }

  async acquire(scope: string, ttlMs: number): Promise<Lease | null> {
    this.#check()
    const now = this.clock.now()
    const held = this.#held.get(scope)
    if (held !== undefined && held.until > now) return null
    if (this.#held.size >= this.#sweepAt) this.#sweep(now)
    this.#epoch += 1
    const lease = { scope, epoch: this.#epoch, token: randomUUID() }
    this.#held.set(scope, { lease, until: now + ttlMs })
    return lease
  }

  async renew(lease: Lease, ttlMs: number): Promise<boolean> {
    this.#check()
    return this.extend(lease, ttlMs)
  }

  async release(lease: Lease): Promise<void> {
    this.#check()
    if (this.holds(lease)) this.#held.delete(lease.scope)
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  holds(lease: Lease): boolean {
    const held = this.#held.get(lease.scope)
    return (
      held !== undefined &&
      held.until > this.clock.now() &&
      held.lease.epoch === lease.epoch &&
      held.lease.token === lease.token
    )
  }

  extend(lease: Lease, ttlMs: number): boolean {
    if (!this.holds(lease)) return false
    this.#held.get(lease.scope)!.until = this.clock.now() + ttlMs
    return true
  }

  #sweep(now: number): void {
    for (const [scope, { until }] of this.#held) if (until <= now) this.#held.delete(scope)
    this.#sweepAt = Math.max(64, this.#held.size * 2)
  }

  #check(): void {
    if (this.#closed) throw closedError('lease store')
  }
}
