/** An HTTP server of Node with limits on headers, time and connections, which answers what is no proper request in the words of the API. */
import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { ApiError } from '../api/api-error.js'
import type { Timeouts } from '../api/timeouts.js'
import type { RequestRecord } from '../observe/request-record.js'
import { Connections } from './connections.js'
import { oddity } from './oddity.js'

export interface LimitedServerOptions {
  readonly timeouts: Timeouts
  /** Connections at the same time. */
  readonly connections: number
  readonly handle: (request: Request, env: RequestEnv) => Response | Promise<Response>
  readonly onRequest: (incoming: IncomingMessage, outgoing: ServerResponse) => RequestRecord
}

export interface RequestEnv {
  readonly record: RequestRecord
  readonly incoming: IncomingMessage
  readonly hangUp: () => void
}

const maxHeaderBytes = 16 * 1024
const maxHeaders = 128

export function createLimitedServer({ timeouts, connections, handle, onRequest }: LimitedServerOptions): Server {
  const open = new Connections()
  const records = new WeakMap<IncomingMessage, RequestRecord>()
  const fetch = (request: Request, env: { incoming: unknown; outgoing: unknown }) => {
    const incoming = env.incoming as IncomingMessage
    const hangUp = () => void (env.outgoing as ServerResponse).destroy()
    return handle(request, { record: records.get(incoming)!, incoming, hangUp })
  }
  const listener = getRequestListener(fetch, {
    overrideGlobalObjects: false,
    // a URL or a Host that is none
    errorHandler: () => new ApiError(400, 'bad_request', notUnderstood).response,
  })
  const server = createServer(nodeLimits(timeouts), (incoming, outgoing) => {
    const record = onRequest(incoming, outgoing)
    records.set(incoming, record)
    const odd = open.add(incoming, outgoing, record) ?? oddity(incoming, maxHeaders)
    if (odd) refuseRequest(outgoing, record, odd)
    else void listener(incoming, outgoing)
  })
  server.maxConnections = connections
  // one more is seen, so that too many can be told from just enough
  server.maxHeadersCount = maxHeaders + 1
  // who has said all that there is to say may still listen
  Object.assign(server, { httpAllowHalfOpen: true })
  answerRefusals(server)
  return server
}

function refuseRequest(
  outgoing: ServerResponse,
  record: RequestRecord,
  { code, status, headers, body }: ApiError,
): void {
  record.errorCode = code
  outgoing.writeHead(status, { 'content-type': 'application/json', connection: 'close', ...headers })
  outgoing.end(JSON.stringify(body))
}

function nodeLimits({ headersMs, bodyMs, keepAliveMs }: Timeouts) {
  return {
    maxHeaderSize: maxHeaderBytes,
    headersTimeout: headersMs,
    // the body has a limit of its own, with an answer of its own; this one is behind it
    requestTimeout: headersMs + bodyMs + 1000,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: Math.min(1000, headersMs),
  }
}

function answerRefusals(server: Server): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
    else refuse(socket, ...(refusals[error.code ?? ''] ?? badRequest))
  })
  server.on('connect', (_, socket) => refuse(socket, ...noMethod))
  server.on('checkExpectation', (_, response: ServerResponse) => {
    response.writeHead(417, { 'content-type': 'application/json', connection: 'close' })
    response.end(envelope('expectation_failed', 'This server meets no expectation but 100-continue.'))
  })
}

type Refusal = readonly [status: string, code: string, message: string]

const notUnderstood = 'This is no HTTP request that the server understands.'
const badRequest: Refusal = ['400 Bad Request', 'bad_request', notUnderstood]
const noMethod: Refusal = ['405 Method Not Allowed', 'method_not_allowed', 'This server is no proxy.']
const refusals: Readonly<Record<string, Refusal>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'headers_too_large', 'The headers are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Payload Too Large', 'body_too_large', 'The chunk extensions are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'request_timeout', 'The request took too long to arrive.'],
}

function refuse(socket: Duplex, ...[status, code, message]: Refusal): void {
  const body = envelope(code, message)
  const head = `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\nconnection: close`
  socket.end(`${head}\r\n\r\n${body}`)
}

function envelope(code: string, message: string): string {
  return JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code } })
}
