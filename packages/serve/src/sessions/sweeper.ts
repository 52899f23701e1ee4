/**
 * Deletes what nobody can reach: states that no record refers to, what is left of deleted and expired sessions, snapshots that went with
 * them, places of texts that nobody goes on with. One process at a time does it.
 *
 * What is under way is safe: something is deleted only after it has been out of reach at two looks that are `graceMs` apart, and whoever
 * makes a record does it within that time of putting, or of reading, what the record refers to.
 */
import { type Clock, systemClock } from '../stores/common/clock.js'
import type { Lease, LeaseStore, StateStore } from '../stores/contract.js'
import { allKeys } from './all-keys.js'
import { type SessionRecord, type SnapshotRecord, decodeRecord } from './records.js'
import { revOf } from './rev-of.js'
import { checkpointsPrefix } from './turn-checkpoints.js'

export interface SweeperOptions {
  readonly stores: { readonly states: StateStore; readonly leases: LeaseStore }
  /** Milliseconds between two looks. Default five minutes. */
  readonly everyMs?: number
  /** Milliseconds that things are out of reach before they are deleted. Default five minutes. */
  readonly graceMs?: number
  readonly clock?: Clock
  readonly onError?: (error: unknown) => void
}

const minute = 60_000
/** A session that has expired can come back for a day, should a clock have been wrong. */
const expiredMs = 24 * 60 * minute
const checkpointMs = 60 * minute
const scope = 'sweep'

interface Reach {
  readonly states: Set<string>
  /** Sessions by tenant and id, as in keys. */
  readonly sessions: Set<string>
  /** Keys of records that mean nothing any more. */
  readonly stale: string[]
}

export class Sweeper {
  readonly #options: SweeperOptions
  readonly #clock: Clock
  readonly #graceMs: number
  readonly #everyMs: number
  /** When things were first seen to be out of reach. */
  #seen = new Map<string, number>()
  #lease: Lease | null = null
  #cancel = () => {}
  #running: Promise<unknown> = Promise.resolve()
  #stopped = false
  #sweeping: Promise<number> | null = null

  constructor(options: SweeperOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#graceMs = options.graceMs ?? 5 * minute
    this.#everyMs = options.everyMs ?? 5 * minute
    this.#schedule()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel()
    await this.#running
    if (this.#lease) await this.#options.stores.leases.release(this.#lease).catch(() => {})
  }

  /** One look, or the one that is under way. Gives how many objects were deleted. */
  sweep(): Promise<number> {
    this.#sweeping ??= this.#sweep().finally(() => (this.#sweeping = null))
    return this.#sweeping
  }

  async #sweep(): Promise<number> {
    if (!(await this.#holds())) return 0
    const { states: store } = this.#options.stores
    const reach = await this.#look()
    const found = new Map<string, number>(reach.stale.map((key) => [key, this.#graceMs]))
    for await (const key of allKeys(store, 'states/')) if (!reach.states.has(key)) found.set(key, this.#graceMs)
    for await (const key of allKeys(store, 'shared/')) {
      if (!reach.states.has(key.slice('shared/'.length))) found.set(key, 2 * this.#graceMs)
    }
    for await (const key of allKeys(store, checkpointsPrefix)) found.set(key, checkpointMs)
    return this.#delete(found)
  }

  #schedule(): void {
    if (this.#stopped) return
    const timer = setTimeout(() => {
      this.#running = this.sweep()
        .catch((error: unknown) => this.#options.onError?.(error))
        .then(() => this.#schedule())
    }, this.#everyMs)
    ;(timer as { unref?: () => void }).unref?.()
    this.#cancel = () => clearTimeout(timer)
  }

  /** True while this process is the one that sweeps. One that begins knows nothing of what another has seen. */
  async #holds(): Promise<boolean> {
    const { leases } = this.#options.stores
    const ttlMs = 3 * this.#everyMs
    if (this.#lease && (await leases.renew(this.#lease, ttlMs))) return true
    this.#seen = new Map()
    this.#lease = await leases.acquire(scope, ttlMs)
    return this.#lease !== null
  }

  async #look(): Promise<Reach> {
    const reach: Reach = { states: new Set(), sessions: new Set(), stale: [] }
    let group: string[] = []
    for await (const key of allKeys(this.#options.stores.states, 'sessions/')) {
      if (group.length > 0 && scopeOf(group[0]) !== scopeOf(key)) {
        await this.#lookAtSession(group, reach)
        group = []
      }
      group.push(key)
    }
    if (group.length > 0) await this.#lookAtSession(group, reach)
    for await (const key of allKeys(this.#options.stores.states, 'snapshots/')) await this.#lookAtSnapshot(key, reach)
    return reach
  }

  async #lookAtSession(keys: readonly string[], reach: Reach): Promise<void> {
    const records = await Promise.all(keys.map((key) => this.#read(key) as Promise<SessionRecord | null>))
    const [head] = records.toReversed()
    const isOrphan = keys.length === 1 && revOf(keys[0]) > 0
    const isOver = head === null || head.deleted || isOrphan || this.#isLongExpired(head)
    if (isOver) {
      reach.stale.push(...keys)
      return
    }
    reach.sessions.add(scopeOf(keys[0]))
    for (const record of records) if (record?.state) reach.states.add(record.state)
  }

  async #lookAtSnapshot(key: string, reach: Reach): Promise<void> {
    const record = (await this.#read(key)) as SnapshotRecord | null
    if (record === null) return
    const [, tenant] = key.split('/')
    const isLeft = !record.pinned && record.session !== null && !reach.sessions.has(`${tenant}/${record.session}`)
    if (isLeft) reach.stale.push(key)
    else if (record.state) reach.states.add(record.state)
  }

  #isLongExpired({ updated, ttlMs }: SessionRecord): boolean {
    return ttlMs !== null && this.#clock.now() > updated + ttlMs + expiredMs
  }

  async #read(key: string): Promise<object | null> {
    const bytes = await this.#options.stores.states.get(key)
    return bytes && decodeRecord(key, bytes)
  }

  async #delete(found: ReadonlyMap<string, number>): Promise<number> {
    const now = this.#clock.now()
    const seen = new Map([...found.keys()].map((key) => [key, this.#seen.get(key) ?? now]))
    this.#seen = seen
    let count = 0
    for (const [key, since] of seen) {
      if (now - since < found.get(key)!) continue
      await this.#options.stores.states.delete(key)
      seen.delete(key)
      count++
    }
    return count
  }
}

function scopeOf(key: string): string {
  return key.split('/').slice(1, 3).join('/')
}
