/** /v1/streams: read on where a connection was cut, or called off. */
import { eventStream } from '../../http/event-stream.js'
import { LogGoneError } from '../../stores/errors.js'
import type { LogEntry } from '../../turns/turn.js'
import { ApiError } from '../api-error.js'
import { type ApiContext, tenantOf } from '../context.js'
import { framesOf } from '../respond.js'
import type { Route, RouteRequest } from '../sessions/route.js'
import { deletedBody } from '../sessions/session-body.js'
import { deletedResponse } from '../sessions/session-responses.js'
import type { View } from '../view.js'
import { Wording } from '../wording.js'
import { readStreamId, streamHeader } from './stream-id.js'

export const streamRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/v1/streams/:id',
    summary: 'Reads on in a resumable stream',
    description: 'Events behind the one that the header Last-Event-ID names, or from number `?from=` on.',
    handle: resume,
  },
  {
    method: 'delete',
    path: '/v1/streams/:id',
    summary: 'Ends a resumable stream',
    response: deletedResponse,
    handle: remove,
  },
]

async function resume(context: ApiContext, { id: stream, query, request }: RouteRequest): Promise<Response> {
  const { id, scope } = readStreamId(stream)
  const skip = firstWanted(id, query, request.headers.get('last-event-id'))
  const { view, groups } = await open(context, scope, id)
  const { codec } = context.served
  const known = await context.turns.read(scope, id)
  if (skip > countOf(new Wording(view, codec, false), known)) {
    const message = 'The stream does not have what this client has seen. Begin it again.'
    throw new ApiError(409, 'stream_diverged', message, 'last-event-id')
  }
  const { record, hangUp } = context.scope
  record.isStream = true
  const frames = framesOf({ id, wording: new Wording(view, codec, false), groups, watch: null, skip })
  const response = eventStream(frames, { ...context.limits, onGone: () => {}, hangUp })
  response.headers.set(streamHeader, stream)
  return response
}

async function remove(context: ApiContext, { id: stream }: RouteRequest): Promise<Response> {
  const { id, scope } = readStreamId(stream)
  const { running } = await open(context, scope, id)
  await running.cancel()
  return Response.json(deletedBody(stream, 'stream'))
}

/** Once a worker has begun it: its first entry tells whose it is. Throws a 404. */
async function open({ turns, ...context }: ApiContext, scope: string, id: string) {
  const running = turns.resume(scope, id)
  const groups = running.entries()
  const { value: first } = await groups.next()
  const view = first?.[0]?.kind === 'open' ? (first[0].view as unknown as View | null) : null
  if (first && view?.resumable && view.resumable.tenant === tenantOf({ turns, ...context })) {
    return { running, view, groups: all(first, groups) }
  }
  await groups.return()
  throw new LogGoneError(id)
}

async function* all(first: readonly LogEntry[], rest: AsyncIterable<readonly LogEntry[]>) {
  yield first
  yield* rest
}

function countOf(wording: Wording, entries: readonly LogEntry[]): number {
  return wording.opening().length + entries.flatMap((entry) => wording.take(entry)).length
}

/** The number of the first event that the client wants. */
function firstWanted(id: string, query: URLSearchParams, lastEventId: string | null): number {
  const from = query.get('from')
  if (from !== null && lastEventId !== null) {
    throw new ApiError(400, 'invalid_value', 'from: leave it out where there is Last-Event-ID.', 'from')
  }
  if (from !== null) return numberOf(from, 'from')
  if (lastEventId === null) return 0
  const [turn, number] = lastEventId.split(':')
  if (turn === id) return numberOf(number ?? '', 'last-event-id') + 1
  throw new ApiError(400, 'invalid_value', 'last-event-id: it is of another stream.', 'last-event-id')
}

function numberOf(text: string, param: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new ApiError(400, 'invalid_value', `${param}: expected the number of an event.`, param)
}
