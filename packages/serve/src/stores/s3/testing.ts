import { createHash, createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export const credentials = { accessKeyId: 'AKIDTEST', secretAccessKey: 'secret/key+test' }

/**
 * What goes wrong with one request. `lost`: it is carried out, and the connection ends without an answer; `short`: half of the bytes
 * under a full length, `other`: the bytes and headers of another object.
 */
export type Fault = number | 'hang' | 'lost' | 'short' | 'truncated' | 'other'

interface Stored {
  readonly bytes: Buffer
  readonly headers: Record<string, string>
}

export interface S3Double extends AsyncDisposable {
  readonly url: string
  readonly objects: Map<string, Stored>
  /** Taken one by one by the requests that come. */
  readonly faults: Fault[]
  readonly requests: string[]
  pageSize: number
  /** False for a service that does not know `If-None-Match`. */
  heedsConditions: boolean
}

/** A bucket `b` in memory that checks signatures and hashes as S3 does, and fails as it is told. */
export async function startS3(): Promise<S3Double> {
  const objects = new Map<string, Stored>()
  const double = { objects, faults: [] as Fault[], requests: [] as string[], pageSize: 1000, heedsConditions: true }
  const server = createServer((request, response) => void answer(double, request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(double, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/b`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  })
}

type Double = Omit<S3Double, 'url' | typeof Symbol.asyncDispose>

async function answer(double: Double, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const body = Buffer.concat(chunks)
  double.requests.push(`${request.method} ${request.url}`)
  const fault = double.faults.shift()
  if (fault === 'hang') return
  if (typeof fault === 'number') return fail(response, fault, 'AsATest')
  const wrong = wrongSignature(request, body)
  if (wrong !== null) return fail(response, 403, wrong)
  const url = new URL(request.url!, 'http://double')
  if (!/^\/b(\/|$)/.test(url.pathname)) return fail(response, 404, 'NoSuchBucket')
  const key = decodeURIComponent(url.pathname.slice(3))
  if (fault === 'lost') response.end = (() => request.socket.destroy()) as never
  if (key === '') return list(double, url.searchParams, response)
  if (request.method === 'PUT') return put(double, key, request, body, response)
  if (request.method === 'DELETE') {
    double.objects.delete(key)
    return void response.writeHead(204).end()
  }
  return get(double, key, fault, response)
}

function put(
  { objects, heedsConditions }: Double,
  key: string,
  request: IncomingMessage,
  bytes: Buffer,
  response: ServerResponse,
): void {
  if (heedsConditions && request.headers['if-none-match'] === '*' && objects.has(key))
    return fail(response, 412, 'PreconditionFailed')
  const meta = Object.entries(request.headers).filter(([name]) => name.startsWith('x-amz-meta-'))
  objects.set(key, { bytes, headers: Object.fromEntries(meta) as Record<string, string> })
  response.writeHead(200).end()
}

function get({ objects }: Double, key: string, fault: Fault | undefined, response: ServerResponse): void {
  const found = fault === 'other' ? [...objects].find(([name]) => name !== key)?.[1] : objects.get(key)
  if (found === undefined) return fail(response, 404, 'NoSuchKey')
  const { bytes, headers } = found
  const half = bytes.subarray(0, bytes.length >> 1)
  const length = fault === 'truncated' ? half.length : bytes.length
  response.writeHead(200, { ...headers, 'content-length': length })
  if (fault === 'short') return void response.write(half, () => response.destroy())
  response.end(fault === 'truncated' ? half : bytes)
}

function list({ objects, pageSize }: Double, query: URLSearchParams, response: ServerResponse): void {
  const after = query.get('continuation-token') ?? query.get('start-after') ?? ''
  const keys = [...objects.keys()].filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after)
  const count = Math.min(pageSize, Number(query.get('max-keys')))
  const page = keys.toSorted((a, b) => (a < b ? -1 : 1)).slice(0, count)
  const rest = keys.length > page.length
  const xml = [
    '<?xml version="1.0"?><ListBucketResult>',
    `<IsTruncated>${rest}</IsTruncated>`,
    ...page.map((key) => `<Contents><Key>${key.replaceAll('&', '&amp;')}</Key><Size>1</Size></Contents>`),
    rest ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '',
    '</ListBucketResult>',
  ]
  response.writeHead(200, { 'content-type': 'application/xml' }).end(xml.join(''))
}

function fail(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status).end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`)
}

/** Signature Version 4, as docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html describes it. */
function wrongSignature({ method, url, headers }: IncomingMessage, body: Buffer): string | null {
  const parts = /Credential=([^/]+)\/(\d+)\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)/.exec(
    headers.authorization ?? '',
  )
  if (parts === null) return 'AccessDenied'
  const [, id, date, region, names, signature] = parts
  if (id !== credentials.accessKeyId) return 'InvalidAccessKeyId'
  const payload = String(headers['x-amz-content-sha256'])
  if (payload !== createHash('sha256').update(body).digest('hex')) return 'XAmzContentSHA256Mismatch'
  const [path, query = ''] = url!.split('?')
  const lines = names.split(';').map((name) => `${name}:${String(headers[name]).trim()}\n`)
  const sorted = [...new URLSearchParams(query)].map((pair) => pair.map(encode).join('='))
  const canonical = [method, path, sorted.toSorted().join('&'), lines.join(''), names, payload].join('\n')
  const scope = `${date}/${region}/s3/aws4_request`
  const hashed = createHash('sha256').update(canonical).digest('hex')
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hashed].join('\n')
  const sign = (key: string | Buffer, value: string): Buffer => createHmac('sha256', key).update(value).digest()
  const key = [date, region, 's3', 'aws4_request'].reduce<string | Buffer>(sign, `AWS4${credentials.secretAccessKey}`)
  const signedHeaders = ['host', 'x-amz-content-sha256', 'x-amz-date'].every((name) => names.split(';').includes(name))
  return signedHeaders && sign(key, text).toString('hex') === signature ? null : 'SignatureDoesNotMatch'
}

// whatever way the client has written it
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)
}
