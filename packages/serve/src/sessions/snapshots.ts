/** Places in texts that are kept under an id, and maybe a name, until they are deleted. */
import type { SnapshotIdentity } from '@retnet/core'
import { ApiError } from '../api/api-error.js'
import type { StateStore } from '../stores/contract.js'
import { type Clock, systemClock } from '../stores/common/clock.js'
import { isId, newId } from './ids.js'
import type { Quotas } from './quotas.js'
import { type Place, type SnapshotRecord, decodeRecord, encodeRecord } from './records.js'
import { nameKey, snapshotKey, snapshotsPrefix } from './records.js'
import type { Sessions } from './sessions.js'

export interface SnapshotsOptions {
  readonly store: StateStore
  readonly quotas: Quotas
  readonly sessions: Sessions
  readonly model: SnapshotIdentity
  readonly clock?: Clock
}

export interface NewSnapshot {
  readonly name: string | null
  readonly pinned: boolean
}

export class Snapshots {
  readonly #options: SnapshotsOptions
  readonly #clock: Clock

  constructor(options: SnapshotsOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Of the place where a session is. */
  async take(tenant: string, session: string, options: NewSnapshot): Promise<SnapshotRecord> {
    return this.#options.sessions.sharing(tenant, session, async (head) => {
      const made = await this.#create(tenant, head, { ...options, session, rev: head.rev })
      return { made, undo: () => this.#remove(made) }
    })
  }

  /** Of bytes that have been verified. Throws a 429. */
  async add(
    tenant: string,
    bytes: Uint8Array,
    place: Omit<Place, 'state'>,
    name: string | null,
  ): Promise<SnapshotRecord> {
    const { quotas, sessions } = this.#options
    await quotas.take(tenant, { bytes: bytes.length })
    const state = await sessions.states.put(tenant, bytes)
    await sessions.states.share(state)
    return this.#create(tenant, { ...place, state }, { name, pinned: true, session: null, rev: null })
  }

  /** By id or by name. Throws a 404. */
  async find(tenant: string, idOrName: string): Promise<SnapshotRecord> {
    const id = isId('snap', idOrName) ? idOrName : await this.#idOf(tenant, idOrName)
    const found = id && (await this.#read(snapshotKey(tenant, id)))
    if (!found) throw noSnapshot()
    return found
  }

  async delete(tenant: string, idOrName: string): Promise<SnapshotRecord> {
    const found = await this.find(tenant, idOrName)
    await this.#remove(found)
    return found
  }

  /** Up to `limit` whose ids come after `after`. */
  async list(tenant: string, after: string, limit: number): Promise<SnapshotRecord[]> {
    const prefix = snapshotsPrefix(tenant)
    const keys = await this.#options.store.list(prefix, { after: prefix + after, limit })
    return (await Promise.all(keys.map((key) => this.#read(key)))).filter((one) => one !== null)
  }

  /** Those that go with the session. */
  async deleteOf(tenant: string, session: string): Promise<void> {
    for (let after: string | undefined = ''; after !== undefined;) {
      const page: SnapshotRecord[] = await this.list(tenant, after, 100)
      for (const one of page) if (one.session === session && !one.pinned) await this.#remove(one)
      after = page.at(-1)?.id
    }
  }

  async #create(
    tenant: string,
    { state, length, last }: Place,
    own: NewSnapshot & Pick<SnapshotRecord, 'session' | 'rev'>,
  ): Promise<SnapshotRecord> {
    const { store, quotas, model } = this.#options
    await quotas.take(tenant, { snapshots: 1 })
    const id = newId('snap')
    const record: SnapshotRecord = { id, tenant, ...own, state, length, last, model, created: this.#clock.now() }
    if (own.name !== null) await this.#takeName(tenant, own.name, id)
    await store.put(snapshotKey(tenant, id), encodeRecord(record), { ifAbsent: true })
    return record
  }

  async #remove({ tenant, id, name }: SnapshotRecord): Promise<void> {
    const { store, quotas } = this.#options
    await store.delete(snapshotKey(tenant, id))
    quotas.give(tenant, { snapshots: 1 })
    // another may have the name by now
    if (name !== null && (await this.#idOf(tenant, name)) === id) await store.delete(nameKey(tenant, name))
  }

  async #takeName(tenant: string, name: string, id: string): Promise<void> {
    const { store } = this.#options
    if (await store.put(nameKey(tenant, name), encodeRecord({ id }), { ifAbsent: true })) return
    // one of a snapshot that was never made, or has been deleted
    const other = await this.#idOf(tenant, name)
    if (other !== null && (await store.get(snapshotKey(tenant, other))) !== null) throw nameTaken(name)
    await store.delete(nameKey(tenant, name))
    if (!(await store.put(nameKey(tenant, name), encodeRecord({ id }), { ifAbsent: true }))) throw nameTaken(name)
  }

  async #idOf(tenant: string, name: string): Promise<string | null> {
    const key = nameKey(tenant, name)
    const bytes = await this.#options.store.get(key)
    return bytes && (decodeRecord(key, bytes) as { id: string }).id
  }

  async #read(key: string): Promise<SnapshotRecord | null> {
    const bytes = await this.#options.store.get(key)
    return bytes && (decodeRecord(key, bytes) as SnapshotRecord)
  }
}

function noSnapshot(): ApiError {
  return new ApiError(404, 'snapshot_not_found', 'There is no such snapshot.', 'snapshot')
}

function nameTaken(name: string): ApiError {
  return new ApiError(
    409,
    'name_taken',
    `name: there is a snapshot ${name} already. Delete it or choose another.`,
    'name',
  )
}
