/** A file on an HTTP server, read by ranges. It does not cache: see the hub cache for whole downloads. */
import { SourceError } from '../errors.js'
import { checkRange, shortRead, type ByteSource, type ReadOptions } from './byte-source.js'
import { contentRange, readBody, readUpTo, strongEtag } from './http.js'
import { memorySource } from './memory-source.js'

export interface UrlSourceOptions extends ReadOptions {
  readonly fetch?: typeof fetch | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** When the server ignores ranges, files up to this size are downloaded once and kept in memory. Default 64 MiB. */
  readonly wholeFileBytes?: number | undefined
}

const defaultWholeFileBytes = 64 * 1024 * 1024

/** Opens a URL with one request of one byte, which tells the size and whether the server answers ranges. */
export async function openUrl(url: string | URL, options: UrlSourceOptions = {}): Promise<ByteSource> {
  const name = String(url)
  const response = await request(name, options, { range: 'bytes=0-0' }, options.signal)
  if (response.status === 206) {
    const range = contentRange(response.headers)
    await response.body?.cancel()
    if (range?.total === undefined) throw noTotal(name)
    return urlSource(name, range.total, strongEtag(response.headers), options)
  }
  if (response.status === 416 && contentRange(response.headers)?.total === 0) {
    await response.body?.cancel()
    return memorySource(new Uint8Array(0), name)
  }
  if (response.status !== 200) throw await badStatus(name, response)
  return memorySource(await wholeFile(name, response, options.wholeFileBytes ?? defaultWholeFileBytes), name)
}

function urlSource(name: string, size: number, etag: string | undefined, options: UrlSourceOptions): ByteSource {
  return {
    name,
    size,
    async read(offset, length, readOptions) {
      checkRange({ name, size }, offset, length)
      if (length === 0) return new Uint8Array(0)
      const last = offset + length - 1
      // No If-Range: browsers would ask other origins for permission first, and the ETag of the answer tells as much.
      const headers = { range: `bytes=${offset}-${last}` }
      const response = await request(name, options, headers, readOptions?.signal)
      try {
        checkPart(name, response, { offset, last, size, etag })
        return await readBody(response, length, (actual) => shortRead(name, offset, length, actual))
      } catch (error) {
        await response.body?.cancel().catch(() => {})
        readOptions?.signal?.throwIfAborted()
        throw wrap(name, error)
      }
    },
    dispose() {},
    [Symbol.dispose]() {},
  }
}

function checkPart(
  name: string,
  response: Response,
  asked: { offset: number; last: number; size: number; etag: string | undefined },
): void {
  if (response.status === 200 || response.status === 416) throw changed(name)
  if (response.status !== 206) throw new SourceError(name, 'failed', `the server answered ${response.status}.`)
  const range = contentRange(response.headers)
  const etag = strongEtag(response.headers)
  if (range?.total !== asked.size || (etag && asked.etag && etag !== asked.etag)) throw changed(name)
  if (range.first !== asked.offset || range.last !== asked.last) {
    const message = `asked for bytes ${asked.offset}-${asked.last}, the server sent ${range.first}-${range.last}.`
    throw new SourceError(name, 'failed', message)
  }
}

async function request(
  name: string,
  options: UrlSourceOptions,
  headers: Record<string, string>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const send = options.fetch ?? fetch
  try {
    return await send(name, { headers: { ...options.headers, ...headers }, ...(signal && { signal }) })
  } catch (error) {
    signal?.throwIfAborted()
    throw wrap(name, error)
  }
}

async function wholeFile(name: string, response: Response, limit: number): Promise<Uint8Array<ArrayBuffer>> {
  const announced = response.headers.get('content-length')
  const encoded = response.headers.has('content-encoding')
  if (announced !== null && Number(announced) > limit) {
    await response.body?.cancel()
    throw tooLarge(name, limit)
  }
  try {
    const bytes = await readUpTo(response, limit, () => tooLarge(name, limit))
    if (announced === null || encoded || bytes.byteLength === Number(announced)) return bytes
    throw shortRead(name, 0, Number(announced), bytes.byteLength)
  } catch (error) {
    throw wrap(name, error)
  }
}

function tooLarge(name: string, limit: number): SourceError {
  return new SourceError(
    name,
    'no-ranges',
    `the server ignores Range requests and the file is larger than ${limit} bytes.`,
    'Serve it from a server that answers ranges, download it first, or raise wholeFileBytes.',
  )
}

async function badStatus(name: string, response: Response): Promise<SourceError> {
  await response.body?.cancel()
  if (response.status === 404) return new SourceError(name, 'not-found', 'the server has no such file (404).')
  return new SourceError(name, 'failed', `the server answered ${response.status}.`)
}

function changed(name: string): SourceError {
  return new SourceError(name, 'changed', 'changed on the server while it was read.', 'Open it again.')
}

function noTotal(name: string): SourceError {
  return new SourceError(
    name,
    'no-ranges',
    'the answer to a Range request has no readable Content-Range with a total size.',
    'From another origin the server must send Access-Control-Expose-Headers: Content-Range.',
  )
}

function wrap(name: string, error: unknown): unknown {
  if (error instanceof SourceError) return error
  const wrapped = new SourceError(name, 'failed', `the request failed (${String(error)}).`)
  wrapped.cause = error
  return wrapped
}
