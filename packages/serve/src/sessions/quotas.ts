/** What a tenant may keep. It is counted from the keys of what is there: exact in one process, and a minute behind among several. */
import { ApiError } from '../api/api-error.js'
import type { StateStore } from '../stores/contract.js'
import { type Clock, systemClock } from '../stores/common/clock.js'
import { allKeys } from './all-keys.js'
import { sessionsPrefix, snapshotsPrefix, statesPrefix } from './records.js'
import { revOf } from './rev-of.js'
import { stateSize } from './saved-states.js'

export interface Quota {
  /** Sessions of a tenant, forks among them. Default 10,000. */
  readonly sessions: number
  /** Snapshots of a tenant. Default 10,000. */
  readonly snapshots: number
  /** Bytes of the states of a tenant; forks share theirs. Default 16 GiB. */
  readonly bytes: number
}

type Usage = { -readonly [Name in keyof Quota]: number } & { at: number }

const staleMs = 60_000
const recountMs = 1000

export class Quotas {
  readonly #store: StateStore
  readonly #quota: Quota
  readonly #clock: Clock
  readonly #usages = new Map<string, Usage>()

  constructor(store: StateStore, quota: Quota, clock: Clock = systemClock) {
    this.#store = store
    this.#quota = quota
    this.#clock = clock
  }

  /** Throws a 429 unless this much more may be kept, and counts it. */
  async take(tenant: string, more: Partial<Quota>): Promise<void> {
    let usage = await this.#usage(tenant, staleMs)
    if (this.#exceeded(usage, more)) usage = await this.#usage(tenant, recountMs)
    const name = this.#exceeded(usage, more)
    if (name) throw quotaError(name, this.#quota[name])
    for (const each of names) usage[each] += more[each] ?? 0
  }

  /** So much is gone. */
  give(tenant: string, less: Partial<Quota>): void {
    const usage = this.#usages.get(tenant)
    if (usage) for (const each of names) usage[each] = Math.max(0, usage[each] - (less[each] ?? 0))
  }

  #exceeded(usage: Usage, more: Partial<Quota>): keyof Quota | undefined {
    return names.find((name) => more[name] !== undefined && usage[name] + more[name] > this.#quota[name])
  }

  async #usage(tenant: string, maxAgeMs: number): Promise<Usage> {
    const known = this.#usages.get(tenant)
    if (known && this.#clock.now() - known.at < maxAgeMs) return known
    const usage: Usage = { sessions: 0, snapshots: 0, bytes: 0, at: this.#clock.now() }
    usage.sessions = await this.#sessions(tenant)
    for await (const _ of allKeys(this.#store, snapshotsPrefix(tenant))) usage.snapshots++
    for await (const key of allKeys(this.#store, statesPrefix(tenant))) usage.bytes += stateSize(key)
    this.#usages.set(tenant, usage)
    return usage
  }

  /** Those with a first revision, or two: the end of a deleted one stands alone. */
  async #sessions(tenant: string): Promise<number> {
    const found = new Set<string>()
    let last = ''
    for await (const key of allKeys(this.#store, sessionsPrefix(tenant))) {
      const id = key.split('/')[2]
      if (id === last || revOf(key) === 0) found.add(id)
      last = id
    }
    return found.size
  }
}

const names = ['sessions', 'snapshots', 'bytes'] as const

function quotaError(name: keyof Quota, most: number): ApiError {
  const what = name === 'bytes' ? `${most} bytes of states` : `${most} ${name}`
  return new ApiError(429, 'quota_exceeded', `This tenant may keep up to ${what}. Delete some.`)
}
