/**
 * Sessions as chains of revisions. A revision is made by creating its record, which one writer alone can do; the two latest are kept.
 * All operations are safe against others that run at the same time, in this process or in another.
 */
import type { SnapshotIdentity } from '@retnet/core'
import { ApiError } from '../api/api-error.js'
import type { StateStore } from '../stores/contract.js'
import { type Clock, systemClock } from '../stores/common/clock.js'
import { newId } from './ids.js'
import type { Quotas } from './quotas.js'
import { type Place, type SessionRecord, decodeRecord, encodeRecord, revisionKey, revisionsPrefix } from './records.js'
import { sessionsPrefix } from './records.js'
import { revOf } from './rev-of.js'
import { SavedStates } from './saved-states.js'

export interface SessionsOptions {
  readonly store: StateStore
  readonly quotas: Quotas
  readonly model: SnapshotIdentity
  readonly clock?: Clock
}

export interface NewSession {
  readonly place: Place
  readonly from: string | null
  readonly ttlMs: number | null
}

const kept = 2
const attempts = 5

export class Sessions {
  readonly states: SavedStates
  readonly #store: StateStore
  readonly #quotas: Quotas
  readonly #model: SnapshotIdentity
  readonly #clock: Clock

  constructor({ store, quotas, model, clock = systemClock }: SessionsOptions) {
    this.#store = store
    this.#quotas = quotas
    this.#model = model
    this.#clock = clock
    this.states = new SavedStates(store)
  }

  /** The latest revision. Throws a 404 for a session that never was, was deleted, has expired or belongs to another tenant. */
  async head(tenant: string, id: string): Promise<SessionRecord> {
    const latest = await this.#latest(tenant, id)
    if (latest === null || latest.deleted || this.#isExpired(latest)) throw noSession()
    return latest
  }

  /** A revision that is still kept, or null. */
  async at(tenant: string, id: string, rev: number): Promise<SessionRecord | null> {
    const key = revisionKey(tenant, id, rev)
    const bytes = await this.#store.get(key)
    return bytes && (decodeRecord(key, bytes) as SessionRecord)
  }

  /** Its states must be shared, or new. Throws a 429. */
  async create(tenant: string, { place, from, ttlMs }: NewSession): Promise<SessionRecord> {
    await this.#quotas.take(tenant, { sessions: 1 })
    const now = this.#clock.now()
    const { state, length, last } = place
    const record: SessionRecord = {
      id: newId('sess'),
      tenant,
      rev: 0,
      turn: null,
      from,
      state,
      length,
      last,
      model: this.#model,
      created: now,
      updated: now,
      ttlMs,
      deleted: false,
    }
    await this.#store.put(revisionKey(tenant, record.id, 0), encodeRecord(record), { ifAbsent: true })
    return record
  }

  /** Another session at the same place, for the price of a record. */
  async fork(tenant: string, id: string, ttlMs: number | null | undefined): Promise<SessionRecord> {
    return this.sharing(tenant, id, async (head) => {
      const made = await this.create(tenant, { place: head, from: id, ttlMs: ttlMs === undefined ? head.ttlMs : ttlMs })
      return { made, undo: () => this.#store.delete(revisionKey(tenant, made.id, 0)) }
    })
  }

  /** Makes something that refers to the latest state of a session, and makes sure that the state has not been deleted meanwhile. */
  async sharing<T>(
    tenant: string,
    id: string,
    make: (head: SessionRecord) => Promise<{ made: T; undo: () => Promise<void> }>,
  ): Promise<T> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const head = await this.head(tenant, id)
      await this.states.share(head.state)
      const { made, undo } = await make(head)
      const now = await this.#latest(tenant, id)
      // whoever deletes a state looks whether it is shared, and that is after `kept` more revisions
      if (now !== null && !now.deleted && now.rev < head.rev + kept) return made
      await undo()
    }
    throw conflict(null)
  }

  /** The next revision after `head`. Throws a 409 if there is one, and a 404 if the session is gone. */
  async advance(head: SessionRecord, place: Place, turn: string | null): Promise<SessionRecord> {
    const { state, length, last } = place
    const next: SessionRecord = { ...head, state, length, last, turn, rev: head.rev + 1, updated: this.#clock.now() }
    await this.#add(next)
    return next
  }

  /** For good: what is under way comes too late. Gives the last revision. */
  async delete(tenant: string, id: string): Promise<SessionRecord> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const head = await this.head(tenant, id)
      const last = { ...head, state: null, rev: head.rev + 1, updated: this.#clock.now(), deleted: true }
      const key = revisionKey(tenant, id, last.rev)
      if (!(await this.#store.put(key, encodeRecord(last), { ifAbsent: true }))) continue
      await this.#drop((await this.#keys(tenant, id)).filter((one) => one < key))
      return head
    }
    throw conflict(null)
  }

  /** The latest revisions of up to `limit` sessions whose ids come after `after`. */
  async list(tenant: string, after: string, limit: number): Promise<SessionRecord[]> {
    const found: SessionRecord[] = []
    const prefix = sessionsPrefix(tenant)
    for (let id = after; found.length < limit;) {
      // no key has a ~, and all of its characters come before it
      const [key] = await this.#store.list(prefix, { after: `${prefix}${id}${id && '/~'}`, limit: 1 })
      if (key === undefined) break
      id = key.split('/')[2]
      const latest = await this.#latest(tenant, id)
      if (latest && !latest.deleted && !this.#isExpired(latest)) found.push(latest)
    }
    return found
  }

  #isExpired({ updated, ttlMs }: SessionRecord): boolean {
    return ttlMs !== null && this.#clock.now() > updated + ttlMs
  }

  async #keys(tenant: string, id: string): Promise<string[]> {
    return this.#store.list(revisionsPrefix(tenant, id))
  }

  /** With that of a deletion. Null also for a revision whose predecessor is gone: it came after the deletion. */
  async #latest(tenant: string, id: string): Promise<SessionRecord | null> {
    const keys = await this.#keys(tenant, id)
    const key = keys.at(-1)
    if (key === undefined) return null
    const rev = revOf(key)
    const bytes = await this.#store.get(key)
    if (bytes === null) return null
    return rev === 0 || keys.at(-2) === revisionKey(tenant, id, rev - 1)
      ? (decodeRecord(key, bytes) as SessionRecord)
      : null
  }

  async #add(next: SessionRecord): Promise<void> {
    const { tenant, id, rev } = next
    const key = revisionKey(tenant, id, rev)
    if (!(await this.#store.put(key, encodeRecord(next), { ifAbsent: true }))) throw await this.#lost(next)
    const keys = await this.#keys(tenant, id)
    const newest = revOf(keys.at(-1) ?? key)
    // the place was free because later revisions, or the end of the session, have come and made room
    const isLate = newest > rev + 1 || (newest === rev && !keys.includes(revisionKey(tenant, id, rev - 1)))
    if (isLate) {
      await this.#store.delete(key)
      throw await this.#lost(next)
    }
    await this.#drop(keys.filter((one) => revOf(one) <= rev - kept))
  }

  async #lost({ tenant, id }: SessionRecord): Promise<ApiError> {
    const latest = await this.#latest(tenant, id)
    return latest === null || latest.deleted ? noSession() : conflict(latest.rev)
  }

  async #drop(keys: readonly string[]): Promise<void> {
    for (const key of keys) {
      const bytes = await this.#store.get(key)
      await this.#store.delete(key)
      if (bytes) await this.states.release((decodeRecord(key, bytes) as SessionRecord).state)
    }
  }
}

export function noSession(): ApiError {
  return new ApiError(404, 'session_not_found', 'There is no such session.', 'session')
}

export function conflict(rev: number | null): ApiError {
  const message = `if_match: the session has gone on${rev === null ? '' : ` to revision ${rev}`}. Read it and decide anew.`
  return new ApiError(409, 'rev_conflict', message, 'if_match')
}
