/** What is written down of sessions and snapshots, and under which keys. Records are JSON, and none is ever changed. */
import type { SnapshotIdentity } from '@retnet/core'
import { StoreError } from '../stores/errors.js'
import { tenantWord } from './ids.js'

/** A place in a text. */
export interface Place {
  /** The key of its bytes; null at the beginning. */
  readonly state: string | null
  /** Tokens. */
  readonly length: number
  /** The last token, which the state has not taken in; null at the beginning. */
  readonly last: number | null
}

export const beginning: Place = { state: null, length: 0, last: null }

/** One revision of a session. */
export interface SessionRecord extends Place {
  readonly id: string
  readonly tenant: string
  readonly rev: number
  /** The turn that made it. */
  readonly turn: string | null
  /** The session or snapshot that the first revision goes on from. */
  readonly from: string | null
  readonly model: SnapshotIdentity
  /** Milliseconds since 1970, of the session and of this revision. */
  readonly created: number
  readonly updated: number
  /** Milliseconds without a new revision after which the session is gone. */
  readonly ttlMs: number | null
  /** The last revision of a session that was deleted. */
  readonly deleted: boolean
}

export interface SnapshotRecord extends Place {
  readonly id: string
  readonly tenant: string
  readonly name: string | null
  /** False if it goes with its session. */
  readonly pinned: boolean
  /** Null if it was imported. */
  readonly session: string | null
  readonly rev: number | null
  readonly model: SnapshotIdentity
  readonly created: number
}

export const sessionsPrefix = (tenant: string) => `sessions/${tenantWord(tenant)}/`
export const revisionsPrefix = (tenant: string, id: string) => `${sessionsPrefix(tenant)}${id}/`
export const revisionKey = (tenant: string, id: string, rev: number) => {
  return `${revisionsPrefix(tenant, id)}${String(rev).padStart(10, '0')}`
}
export const snapshotsPrefix = (tenant: string) => `snapshots/${tenantWord(tenant)}/`
export const snapshotKey = (tenant: string, id: string) => snapshotsPrefix(tenant) + id
export const nameKey = (tenant: string, name: string) => `names/${tenantWord(tenant)}/${name}`
export const statesPrefix = (tenant: string) => `states/${tenantWord(tenant)}/`
/** Says that more than one session, or a snapshot, may refer to a state. */
export const sharedKey = (state: string) => `shared/${state}`

export function encodeRecord(record: object): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record))
}

/** Throws StoreError('damaged'). */
export function decodeRecord(key: string, bytes: Uint8Array): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof value === 'object' && value !== null) return value
  } catch {
    // said below
  }
  throw new StoreError('damaged', `${key}: this is no record.`)
}
