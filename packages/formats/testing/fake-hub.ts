/** A small HTTP server that answers as the hub does, and misbehaves as told. */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the server does wrong with one request for a file. Without an entry it serves it as it should. */
export interface Fault {
  status?: number
  retryAfter?: string
  /** Bytes of the body before the connection is cut. */
  cutAt?: number
  /** Bytes of the body before nothing comes any more. */
  hangAt?: number
  data?: Uint8Array
  etag?: string
  ignoreRange?: boolean
  ignoreIfRange?: boolean
  chunked?: boolean
}

export interface Seen {
  readonly path: string
  readonly origin: 'hub' | 'cdn'
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly token: string | undefined
}

export const commitA = 'a'.repeat(40)
export const commitB = 'b'.repeat(40)

export interface FakeHub {
  readonly url: string
  readonly cdnUrl: string
  /** Content by name; weights are served by a second server behind a redirect. */
  files: Record<string, Uint8Array>
  /** What `main` points at. */
  head: string
  /** Per file (and `api` for questions), one entry for each of the next requests. */
  faults: Record<string, Fault[]>
  seen: Seen[]
  /** Bytes of the current file that the client has; the test keeps it up to date. */
  loaded: number
  listing: ((entries: object[]) => object[]) | undefined
  stop(): void
}

export async function startFakeHub(files: Record<string, Uint8Array>): Promise<FakeHub> {
  const servers = [
    createServer((request, response) => serveHub(hub, request, response)),
    createServer((request, response) => {
      note(hub, 'cdn', request)
      serveFile(hub, decodeURIComponent(request.url!.slice(1)), request, response)
    }),
  ]
  for (const server of servers) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const [url, cdnUrl] = servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const stop = () => {
    for (const server of servers) {
      server.close()
      server.closeAllConnections()
    }
  }
  const hub: FakeHub = {
    url,
    cdnUrl,
    files: { ...files },
    head: commitA,
    faults: {},
    seen: [],
    loaded: 0,
    listing: undefined,
    stop,
  }
  return hub
}

function note(hub: FakeHub, origin: Seen['origin'], { url, headers }: IncomingMessage) {
  const { range, authorization: token } = headers
  const ifRange = headers['if-range'] as string | undefined
  hub.seen.push({ path: url!.split('?')[0], origin, range, ifRange, token })
}

function serveHub(hub: FakeHub, request: IncomingMessage, response: ServerResponse) {
  note(hub, 'hub', request)
  const [path, query] = request.url!.split('?')
  const parts = path.split('/').slice(1).map(decodeURIComponent)
  const json = (status: number, value: unknown, headers = {}) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))
  const fault = hub.faults.api?.shift()
  if (fault) return json(fault.status!, { error: 'try later' })
  if (parts.slice(-2, -1)[0] === 'revision') {
    const known: Record<string, string> = { main: hub.head, HEAD: hub.head, [commitA]: commitA, [commitB]: commitB }
    const sha = parts[3] === 'model' ? known[parts[5]] : undefined
    if (!sha) return json(404, { error: 'Repository not found' })
    return json(200, { _id: '1', id: 'owner/model', sha, private: false, gated: false, lastModified: '2026-01-01' })
  }
  if (parts[4] === 'tree') {
    const entries = hub.listing?.(entriesOf(hub.files)) ?? entriesOf(hub.files)
    if (query.includes('page=2')) return json(200, entries.slice(1))
    const link = `<${hub.url}${path}?page=2>; rel="next"`
    return json(200, entries.slice(0, 1), { link })
  }
  const file = parts.at(-1)!
  if (!hub.files[file]) return json(404, { error: 'Entry not found' })
  if (isLarge(file)) return response.writeHead(302, { location: `${hub.cdnUrl}/${encodeURIComponent(file)}` }).end()
  return serveFile(hub, file, request, response)
}

function entriesOf(listed: Record<string, Uint8Array>) {
  return Object.entries(listed).map(([path, data]) => {
    const size = data.length
    const lfs = { oid: createHash('sha256').update(data).digest('hex'), size, pointerSize: 130 }
    const oid = createHash('sha1').update(`blob ${size}\0`).update(data).digest('hex')
    return { type: 'file', path, size, oid: isLarge(path) ? 'c'.repeat(40) : oid, ...(isLarge(path) && { lfs }) }
  })
}

const isLarge = (file: string) => /\.(safetensors|bin)$/.test(file)

function serveFile(hub: FakeHub, file: string, request: IncomingMessage, response: ServerResponse) {
  const fault = hub.faults[file]?.shift() ?? {}
  if (fault.status) {
    response.writeHead(fault.status, fault.retryAfter ? { 'retry-after': fault.retryAfter } : {}).end()
    return
  }
  const data = fault.data ?? hub.files[file]
  const etag = fault.etag ?? `"${createHash('md5').update(data).digest('hex')}"`
  const { range } = request.headers
  const ifRange = request.headers['if-range']
  const ranged = range && !fault.ignoreRange && (!ifRange || ifRange === etag || fault.ignoreIfRange)
  const start = ranged ? Number(/bytes=(\d+)-/.exec(range)![1]) : 0
  if (start >= data.length && ranged) {
    response.writeHead(416, { 'content-range': `bytes */${data.length}` }).end()
    return
  }
  const body = data.subarray(start)
  response.writeHead(ranged ? 206 : 200, {
    etag,
    ...(ranged && { 'content-range': `bytes ${start}-${data.length - 1}/${data.length}` }),
    ...(!fault.chunked && { 'content-length': body.length }),
  })
  if (fault.cutAt === undefined && fault.hangAt === undefined) response.end(body)
  else {
    response.write(body.subarray(0, fault.cutAt ?? fault.hangAt))
    // A cut discards what the client has not read yet, so wait until it has.
    if (fault.cutAt !== undefined) cutWhenReceived(hub, response, start + fault.cutAt)
  }
}

function cutWhenReceived(hub: FakeHub, response: ServerResponse, bytes: number) {
  if (hub.loaded >= bytes) response.destroy()
  else setTimeout(() => cutWhenReceived(hub, response, bytes), 2)
}
