/** /v1/sessions: made, read, fed, forked, set back and deleted. */
import type { Place, SessionRecord } from '../../sessions/records.js'
import { beginning } from '../../sessions/records.js'
import { requireCompatible } from '../../sessions/compatible.js'
import { isId, requireId } from '../../sessions/ids.js'
import { ScopeBusyError } from '../../stores/errors.js'
import { ApiError } from '../api-error.js'
import { checkRequest } from '../check-request.js'
import { type ApiContext, requireModel, tenantOf } from '../context.js'
import { ingest } from './ingest.js'
import { pageOf } from './page.js'
import { readSessionPrompt, requireSession } from './open-session.js'
import type { Route, RouteRequest } from './route.js'
import { deletedBody, listBody, sessionBody } from './session-body.js'
import { deletedResponse, sessionResponse, sessionsResponse } from './session-responses.js'
import { appendRequest, createSessionRequest, forkRequest, rewindRequest } from './session-schemas.js'

export const sessionRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/sessions',
    summary: 'Begins a session',
    description: 'Empty, or where a session or a snapshot is; the prompt then goes in at once.',
    schema: createSessionRequest,
    response: sessionResponse,
    example: { prompt: 'It was a dark and stormy night' },
    handle: create,
  },
  { method: 'get', path: '/v1/sessions', summary: 'Lists sessions', response: sessionsResponse, handle: list },
  { method: 'get', path: '/v1/sessions/:id', summary: 'Tells of a session', response: sessionResponse, handle: get },
  {
    method: 'delete',
    path: '/v1/sessions/:id',
    summary: 'Ends its turn and deletes a session',
    response: deletedResponse,
    handle: remove,
  },
  {
    method: 'post',
    path: '/v1/sessions/:id/append',
    summary: 'Takes a text into a session, and writes none',
    schema: appendRequest,
    response: sessionResponse,
    handle: append,
  },
  {
    method: 'post',
    path: '/v1/sessions/:id/fork',
    summary: 'Makes another session at the same place',
    schema: forkRequest,
    response: sessionResponse,
    handle: fork,
  },
  {
    method: 'post',
    path: '/v1/sessions/:id/rewind',
    summary: 'Goes to a snapshot, or to the revision before',
    schema: rewindRequest,
    response: sessionResponse,
    handle: rewind,
  },
]

async function create(context: ApiContext, { body, signal }: RouteRequest): Promise<Response> {
  const request = checkRequest(createSessionRequest, body)
  requireModel(context, request.model)
  const made = await begin(context, request.from ?? null, request.ttl == null ? null : request.ttl * 1000)
  if (request.prompt == null) return told(context, made)
  const { sessions } = context
  try {
    await context.turns.requireRoom()
    const { ids } = await readSessionPrompt(context, request.prompt, made)
    return told(context, await ingest(context, made, ids, signal))
  } catch (error) {
    // nobody knows its id
    await sessions.delete(made.tenant, made.id).catch(() => {})
    throw error
  }
}

async function begin(context: ApiContext, from: string | null, ttlMs: number | null): Promise<SessionRecord> {
  const { sessions, snapshots } = context.sessions
  const tenant = tenantOf(context)
  if (from === null) return sessions.create(tenant, { place: beginning, from, ttlMs })
  if (isId('sess', from)) {
    await requireSession(context, from, null)
    return sessions.fork(tenant, from, ttlMs)
  }
  const snapshot = await snapshots.find(tenant, from)
  requireCompatible(snapshot.model, context.model.identity)
  return sessions.create(tenant, { place: snapshot, from: snapshot.id, ttlMs })
}

async function list(context: ApiContext, { query }: RouteRequest): Promise<Response> {
  const { limit, after } = pageOf(query, 'sess')
  const found = await context.sessions.sessions.list(tenantOf(context), after, limit + 1)
  return Response.json(listBody(found, limit, (index) => sessionBody(found[index], context.served.id)))
}

async function get(context: ApiContext, { id }: RouteRequest): Promise<Response> {
  requireId('sess', id, 'session')
  return told(context, await context.sessions.sessions.head(tenantOf(context), id))
}

async function remove(context: ApiContext, { id }: RouteRequest): Promise<Response> {
  requireId('sess', id, 'session')
  await context.sessions.delete(tenantOf(context), id)
  await context.turns.cancelIn(id)
  return Response.json(deletedBody(id, 'session'))
}

async function append(context: ApiContext, { id, body, signal }: RouteRequest): Promise<Response> {
  const request = checkRequest(appendRequest, body)
  requireModel(context, request.model)
  const record = await requireSession(context, id, request.if_match)
  await context.turns.requireRoom()
  const { ids } = await readSessionPrompt(context, request.prompt, record)
  if (ids.length === 0) throw new ApiError(400, 'invalid_prompt', 'prompt: expected at least one token.', 'prompt')
  return told(context, await ingest(context, record, ids, signal))
}

async function fork(context: ApiContext, { id, body }: RouteRequest): Promise<Response> {
  const { ttl } = checkRequest(forkRequest, body)
  requireId('sess', id, 'session')
  const ttlMs = ttl == null ? ttl : ttl * 1000
  return told(context, await context.sessions.sessions.fork(tenantOf(context), id, ttlMs))
}

async function rewind(context: ApiContext, { id, body }: RouteRequest): Promise<Response> {
  const { to, if_match: rev } = checkRequest(rewindRequest, body)
  const head = await requireSession(context, id, rev)
  if (context.turns.isOpen(id)) throw new ScopeBusyError(id)
  const place = typeof to === 'number' ? await revision(context, head, to) : await snapshotPlace(context, to)
  return told(context, await context.sessions.sessions.advance(head, place, null))
}

async function revision({ sessions: { sessions } }: ApiContext, head: SessionRecord, rev: number): Promise<Place> {
  const found = rev <= head.rev ? await sessions.at(head.tenant, head.id, rev) : null
  if (found === null) {
    const message = `to: revision ${rev} is not kept; ${head.rev} and the one before are. Rewind to a snapshot.`
    throw new ApiError(400, 'no_such_revision', message, 'to')
  }
  // two revisions have it from now on
  await sessions.states.share(found.state)
  return found
}

async function snapshotPlace(context: ApiContext, to: string): Promise<Place> {
  const snapshot = await context.sessions.snapshots.find(tenantOf(context), to)
  requireCompatible(snapshot.model, context.model.identity)
  return snapshot
}

function told({ served }: ApiContext, record: SessionRecord): Response {
  return Response.json(sessionBody(record, served.id))
}
