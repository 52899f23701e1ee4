/** A socket with limits in front of a function from a Request to a Response. What is no request is refused in the words of the API. */
import { type Server, type ServerResponse, createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { getRequestListener } from '@hono/node-server'
import { ApiError } from '../api/api-error.js'

const limits = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
}
const maxConnections = 4096
const maxHeaders = 128

export function createLimitedServer(handle: (request: Request) => Response | Promise<Response>): Server {
  const listener = getRequestListener(handle, {
    overrideGlobalObjects: false,
    // a URL or a Host that is none
    errorHandler: () => new ApiError(400, 'bad_request', notUnderstood).response,
  })
  const server = createServer(limits, (request, response) => void listener(request, response))
  server.maxConnections = maxConnections
  server.maxHeadersCount = maxHeaders
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy()
    else refuse(socket, ...(refusals[error.code ?? ''] ?? badRequest))
  })
  server.on('connect', (_, socket) => refuse(socket, ...noMethod))
  server.on('checkExpectation', (_, response: ServerResponse) => {
    response.writeHead(417, { 'content-type': 'application/json', connection: 'close' })
    response.end(envelope('expectation_failed', 'This server meets no expectation but 100-continue.'))
  })
  return server
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
