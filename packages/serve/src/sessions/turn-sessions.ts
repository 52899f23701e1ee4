/** Where a worker gets the place that a turn goes on from, and where it leaves the place that the turn comes to. */
import { type SnapshotIdentity, decodeSnapshotHeader } from '@retnet/core'
import { ApiError, toApiError } from '../api/api-error.js'
import type { SavedEvent } from '../engine/job.js'
import { type Clock, systemClock } from '../stores/common/clock.js'
import { StoreError } from '../stores/errors.js'
import type { SessionPlace, TurnSessions } from '../turns/run-turn.js'
import type { Turn } from '../turns/turn.js'
import { requireCompatible } from './compatible.js'
import type { SessionRecord } from './records.js'
import { type Sessions, conflict } from './sessions.js'

/** Milliseconds before each try after the first one. */
const pausesMs = [100, 300, 600]

/** A store that does not answer is asked again for a second; then the turn ends with a 503, and the session is as it was. */
export function turnSessions(sessions: Sessions, model: SnapshotIdentity, clock: Clock = systemClock): TurnSessions {
  const found = sessionsOfTurns(sessions, model)
  return {
    open: (turn) => patiently(() => found.open(turn), clock),
    commit: (turn, saved) => patiently(() => found.commit(turn, saved), clock),
  }
}

async function patiently<T>(work: () => Promise<T>, clock: Clock): Promise<T> {
  for (const pauseMs of [...pausesMs, null]) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof StoreError)) throw error
      if (pauseMs === null) throw toApiError(error)
      await new Promise<void>((resolve) => void clock.after(pauseMs, resolve))
    }
  }
  throw new Error('there is a last try')
}

function sessionsOfTurns(sessions: Sessions, model: SnapshotIdentity): TurnSessions {
  return {
    async open(turn) {
      const { id, rev } = turn.session!
      const committed = await madeBy(sessions, turn)
      if (committed) return { start: null, committed: placeOf(committed) }
      const head = await sessions.head(turn.tenant, id)
      if (head.rev !== rev) {
        // it may have been made in this moment, by a worker that has lost its lease and does not know
        return { start: null, committed: await committedOr(sessions, turn, conflict(head.rev)) }
      }
      requireCompatible(head.model, model)
      return { start: head.state === null ? null : await sessions.states.get(head.state), committed: null }
    },
    async commit(turn, saved) {
      const head = await sessions.at(turn.tenant, turn.session!.id, turn.session!.rev)
      if (head === null) return committedOr(sessions, turn, conflict(null))
      const state = await sessions.states.put(turn.tenant, saved.bytes)
      try {
        return placeOf(await sessions.advance(head, { state, length: saved.length, last: lastOf(saved) }, turn.id))
      } catch (error) {
        // after a store that failed nobody knows whether the record is there: it may refer to the state
        if (!(error instanceof ApiError)) throw error
        await sessions.states.release(state)
        return committedOr(sessions, turn, error)
      }
    },
  }
}

/** Another worker may have committed the same turn. */
async function committedOr(sessions: Sessions, turn: Turn, error: ApiError): Promise<SessionPlace> {
  const made = await madeBy(sessions, turn)
  if (made === null) throw error
  return placeOf(made)
}

async function madeBy(sessions: Sessions, { tenant, session, id }: Turn): Promise<SessionRecord | null> {
  const next = await sessions.at(tenant, session!.id, session!.rev + 1)
  return next?.turn === id ? next : null
}

function placeOf({ rev, length }: SessionRecord): SessionPlace {
  return { rev, length }
}

function lastOf({ bytes }: SavedEvent): number | null {
  return pendingOf(bytes).at(-1) ?? null
}

/** The tokens that the state in a session's bytes has not taken in. */
export function pendingOf(bytes: Uint8Array): number[] {
  const { header, dataStart } = decodeSnapshotHeader(bytes)
  let at = dataStart
  for (const { name, bytes: size } of header.blocks) {
    if (name === 'session.pending') return [...new Int32Array(bytes.slice(at, at + size).buffer)]
    at += size
  }
  return []
}
