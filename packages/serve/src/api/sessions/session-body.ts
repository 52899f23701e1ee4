/** Sessions and snapshots as a client reads them. */
import type { SessionRecord, SnapshotRecord } from '../../sessions/records.js'
import { stateSize } from '../../sessions/saved-states.js'

export function sessionBody(record: SessionRecord, model: string): object {
  const { id, rev, length, from, created, updated, ttlMs } = record
  return {
    id,
    object: 'session',
    model,
    model_version: record.model.weights,
    rev,
    length,
    from,
    created: seconds(created),
    updated: seconds(updated),
    expires_at: ttlMs === null ? null : seconds(updated + ttlMs),
  }
}

export function snapshotBody(record: SnapshotRecord, model: string): object {
  const { id, name, pinned, session, rev, length, state, created } = record
  return {
    id,
    object: 'snapshot',
    model,
    model_version: record.model.weights,
    name,
    pinned,
    session,
    rev,
    length,
    bytes: state === null ? 0 : stateSize(state),
    created: seconds(created),
  }
}

export function deletedBody(id: string, object: 'session' | 'snapshot' | 'stream'): object {
  return { id, object, deleted: true }
}

/** The first `limit` of up to `limit + 1` items. */
export function listBody(items: readonly { readonly id: string }[], limit: number, show: (index: number) => object) {
  const shown = items.slice(0, limit)
  return {
    object: 'list',
    data: shown.map((_, index) => show(index)),
    last_id: shown.at(-1)?.id ?? null,
    has_more: items.length > limit,
  }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1000)
}
