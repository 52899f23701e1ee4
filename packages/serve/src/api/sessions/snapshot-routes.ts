/** /v1/snapshots: places that are kept, given out as files and taken in. */
import { isId, requireId } from '../../sessions/ids.js'
import { readSnapshot } from '../../sessions/read-snapshot.js'
import { signatureHeader } from '../../sessions/signatures.js'
import { ByteReader } from '../../http/byte-reader.js'
import { byteStream } from '../../http/byte-stream.js'
import { ApiError } from '../api-error.js'
import { checkRequest } from '../check-request.js'
import { type ApiContext, tenantOf } from '../context.js'
import { pageOf } from './page.js'
import { requireSession } from './open-session.js'
import type { Route, RouteRequest } from './route.js'
import { deletedBody, listBody, snapshotBody } from './session-body.js'
import { deletedResponse, snapshotResponse, snapshotsResponse } from './session-responses.js'
import { snapshotName, snapshotRequest } from './session-schemas.js'

const octets = 'application/octet-stream'

export const snapshotRoutes: readonly Route[] = [
  {
    method: 'post',
    path: '/v1/sessions/:id/snapshots',
    summary: 'Keeps the place where a session is',
    schema: snapshotRequest,
    response: snapshotResponse,
    handle: take,
  },
  { method: 'get', path: '/v1/snapshots', summary: 'Lists snapshots', response: snapshotsResponse, handle: list },
  {
    method: 'post',
    path: '/v1/snapshots',
    summary: 'Takes in the file of a session',
    description: 'The body is the file, as application/octet-stream; `?name=` names the snapshot.',
    response: snapshotResponse,
    handle: importFile,
  },
  {
    method: 'get',
    path: '/v1/snapshots/:id',
    summary: 'Tells of a snapshot, by id or name',
    description: 'With accept: application/octet-stream it is the file.',
    response: snapshotResponse,
    handle: get,
  },
  {
    method: 'delete',
    path: '/v1/snapshots/:id',
    summary: 'Deletes a snapshot, by id or name',
    response: deletedResponse,
    handle: remove,
  },
]

async function take(context: ApiContext, { id, body }: RouteRequest): Promise<Response> {
  const { name, pin } = checkRequest(snapshotRequest, body)
  await requireSession(context, id, null)
  const options = { name: name ?? null, pinned: pin ?? name != null }
  const made = await context.sessions.snapshots.take(tenantOf(context), id, options)
  return Response.json(snapshotBody(made, context.served.id))
}

async function list(context: ApiContext, { query }: RouteRequest): Promise<Response> {
  const { limit, after } = pageOf(query, 'snap')
  const found = await context.sessions.snapshots.list(tenantOf(context), after, limit + 1)
  return Response.json(listBody(found, limit, (index) => snapshotBody(found[index], context.served.id)))
}

async function get(context: ApiContext, { id, request }: RouteRequest): Promise<Response> {
  const { snapshots, sessions, signatures } = context.sessions
  const found = await snapshots.find(tenantOf(context), nameOrId(id))
  if (!(request.headers.get('accept') ?? '').includes(octets)) {
    return Response.json(snapshotBody(found, context.served.id), { headers: { vary: 'accept' } })
  }
  if (found.state === null) throw new ApiError(400, 'empty_snapshot', 'The text has no tokens yet: there is no state.')
  const { exports, readerMs } = context.limits
  if (context.sessions.exports >= exports) {
    throw new ApiError(503, 'too_many_exports', `${exports} files are being read already.`, null, {
      'retry-after': '5',
    })
  }
  const bytes = await sessions.states.get(found.state)
  const signature = signatures.sign(bytes)
  const headers = {
    'content-type': octets,
    'content-length': `${bytes.length}`,
    'content-disposition': `attachment; filename="${found.id}.retnet"`,
    'cache-control': 'no-store',
    vary: 'accept',
    ...(signature !== null && { [signatureHeader]: signature }),
  }
  context.sessions.exports++
  const onEnd = () => void context.sessions.exports--
  return new Response(byteStream(bytes, { readerMs, onEnd }), { headers })
}

async function importFile(context: ApiContext, { request, query }: RouteRequest): Promise<Response> {
  const { snapshots, signatures, quotas } = context.sessions
  const { identity, vocabSize, stateShapes } = context.model
  if ((request.headers.get('content-type') ?? '').split(';')[0].trim().toLowerCase() !== octets) {
    throw new ApiError(415, 'unsupported_media_type', `Expected content-type: ${octets}.`)
  }
  const unknown = [...query.keys()].find((one) => one !== 'name')
  if (unknown !== undefined) throw new ApiError(400, 'unknown_parameter', 'query: expected name alone.', 'query')
  const name = query.get('name')
  if (name !== null) checkRequest(snapshotRequest, { name })
  const verifier = signatures.verifier(request.headers.get(signatureHeader))
  await quotas.take(tenantOf(context), { bytes: 0 })
  const body = (request.body ?? []) as AsyncIterable<Uint8Array>
  const reader = new ByteReader(body, (bytes) => verifier.update(bytes))
  const pendingTokens = context.limits.promptTokens
  const { bytes, place } = await readSnapshot(reader, { identity, vocabSize, stateShapes, pendingTokens })
  verifier.check()
  const made = await snapshots.add(tenantOf(context), bytes, place, name)
  return Response.json(snapshotBody(made, context.served.id))
}

async function remove(context: ApiContext, { id }: RouteRequest): Promise<Response> {
  const { id: found } = await context.sessions.snapshots.delete(tenantOf(context), nameOrId(id))
  return Response.json(deletedBody(found, 'snapshot'))
}

/** Throws a 400 for what is neither. */
function nameOrId(text: string): string {
  if (!isId('snap', text) && !snapshotName.safeParse(text).success) requireId('snap', text, 'snapshot')
  return text
}
