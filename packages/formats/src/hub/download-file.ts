/** One file from a URL into the cache: continued where it was cut, checked, and put in place only when right. */
import { DownloadError, FormatError, IntegrityError } from '../errors.js'
import type { ByteSource } from '../sources/byte-source.js'
import { contentRange, strongEtag } from '../sources/http.js'
import { type Cache, type PartialFile, storageError } from './cache.js'
import { isNode } from './default-cache.js'
import { gitBlobId, sha256 } from './hash-source.js'
import { isPassingStatus, PassingFailure, retryAfterMs, type RetryPolicy, waitBeforeRetry } from './retry.js'

/** What the hub says about a file. Either checksum may be missing. */
export interface FileIdentity {
  /** Bytes. */
  readonly size: number
  readonly sha256?: string | undefined
  readonly gitBlobId?: string | undefined
}

export interface Download extends FileIdentity {
  readonly url: string
  readonly file: string
  readonly key: string
  readonly cache: Cache
  readonly fetch: typeof fetch
  readonly retry: RetryPolicy
  /** A connection that sends nothing for so long is given up and tried again. */
  readonly stallMs: number
  readonly signal: AbortSignal | undefined
  readonly onBytes: (loaded: number) => void
}

// With so much progress since the last failure, failures are counted from one again.
const progressBytes = 1024 * 1024

/**
 * @throws DownloadError when the network fails too often; what has arrived is kept for the next time.
 * @throws IntegrityError when size or checksum are wrong twice; nothing is kept.
 */
export async function downloadFile(download: Download): Promise<void> {
  const problem = await attempt(download)
  if (problem === undefined) return
  const again = await attempt(download)
  if (again !== undefined) throw new IntegrityError({ url: download.url, file: download.file, ...again })
}

type Mismatch = { expected: string; actual: string } | undefined

async function attempt(download: Download): Promise<Mismatch> {
  const { cache, key, signal } = download
  const partial = await stored(download, cache.begin(key, { signal }))
  try {
    // Another process may have finished while this one waited.
    if (await isCached(cache, key, download.size)) {
      await partial.discard()
      return undefined
    }
    await transfer(download, partial)
  } catch (error) {
    if (!(error instanceof OtherSize)) {
      await partial.release()
      throw error
    }
    await partial.discard()
    return { expected: `${download.size} bytes`, actual: `${error.message} bytes` }
  }
  return finish(download, partial)
}

async function finish(download: Download, partial: PartialFile): Promise<Mismatch> {
  let problem: Mismatch
  try {
    problem = await findMismatch(await partial.read(), download, download.signal)
  } catch (error) {
    await partial.release()
    throw error
  }
  if (problem) await partial.discard()
  else await stored(download, partial.commit())
  return problem
}

export async function isCached(cache: Cache, key: string, size: number): Promise<boolean> {
  const source = await cache.open(key)
  source?.dispose()
  return source?.size === size
}

/** What is wrong with the bytes, or undefined when they are the announced ones. Disposes the source. */
export async function findMismatch(
  source: ByteSource,
  identity: FileIdentity,
  signal: AbortSignal | undefined,
): Promise<Mismatch> {
  try {
    if (source.size !== identity.size) return { expected: `${identity.size} bytes`, actual: `${source.size} bytes` }
    if (identity.sha256 !== undefined) {
      return compare('SHA-256', identity.sha256, await sha256(source, { signal }))
    }
    if (identity.gitBlobId !== undefined) {
      return compare('git blob', identity.gitBlobId, await gitBlobId(source, { signal }))
    }
    return undefined
  } finally {
    source.dispose()
  }
}

function compare(kind: string, expected: string, actual: string): Mismatch {
  return expected.toLowerCase() === actual ? undefined : { expected: `${kind} ${expected}`, actual }
}

async function transfer(download: Download, partial: PartialFile): Promise<void> {
  const { retry, signal, size, url } = download
  let failures = 0
  while (partial.size < size) {
    signal?.throwIfAborted()
    const before = partial.size
    try {
      await receive(download, partial)
    } catch (error) {
      signal?.throwIfAborted()
      if (!(error instanceof PassingFailure)) throw error
      failures = partial.size - before >= progressBytes ? 1 : failures + 1
      if (failures > retry.retries) {
        const message = `gave up after ${failures} failures; ${partial.size} of ${size} bytes are kept (${error.message}).`
        throw new DownloadError({
          url,
          problem: 'network',
          message,
          fix: 'Check the connection and try again.',
          cause: error,
        })
      }
      await waitBeforeRetry(retry, failures, error, signal)
    }
  }
}

/** One request. Returns when the body has ended, throws `PassingFailure` when it was cut. */
async function receive(download: Download, partial: PartialFile): Promise<void> {
  const { signal, size, stallMs } = download
  // Without an ETag only a checksum can tell whether two halves belong together.
  if (partial.size > 0 && partial.etag === undefined && !isCheckable(download))
    await stored(download, partial.restart(undefined))
  const stall = stallTimer(stallMs, signal)
  try {
    const response = await request(download, partial, stall.signal)
    await acceptResponse(download, partial, response)
    const reader = response.body?.getReader()
    for (;;) {
      stall.reset()
      const piece = await passing(() => reader?.read())
      if (!piece?.value) break
      await stored(download, partial.append(piece.value))
      download.onBytes(Math.min(partial.size, size))
      // One byte too many is enough to know that this is another file.
      if (partial.size > size) return await reader?.cancel()
    }
  } finally {
    stall.clear()
  }
  if (partial.size < size) throw new PassingFailure(`the body ended after ${partial.size} of ${size} bytes`)
}

function request(download: Download, partial: PartialFile, signal: AbortSignal): Promise<Response> {
  // Compressed bodies have other sizes and ETags than the file.
  const headers: Record<string, string> = { 'accept-encoding': 'identity' }
  if (partial.size > 0) headers.range = `bytes=${partial.size}-`
  // Browsers ask other origins for permission before they send If-Range, and few grant it; the checksum stands in.
  const guarded = isNode() || !isCheckable(download)
  if (partial.size > 0 && partial.etag !== undefined && guarded) headers['if-range'] = partial.etag
  return passing(() => download.fetch(download.url, { headers, signal }))
}

function isCheckable({ sha256: large, gitBlobId: small }: FileIdentity): boolean {
  return large !== undefined || small !== undefined
}

/** Makes the partial file ready for the body, or throws. A server that sends another version starts it again. */
async function acceptResponse(download: Download, partial: PartialFile, response: Response): Promise<void> {
  const etag = strongEtag(response.headers)
  if (response.status === 200) {
    await refuseOtherSize(download, response)
    return stored(download, partial.restart(etag))
  }
  if (response.status === 206 && partial.size > 0 && continues(download, partial, response)) return undefined
  await response.body?.cancel()
  if (response.status === 206 || response.status === 416) {
    await stored(download, partial.restart(undefined))
    throw new PassingFailure('the file on the server is not the one that was begun', { afterMs: 0 })
  }
  if (isPassingStatus(response.status)) {
    throw new PassingFailure(`status ${response.status}`, { afterMs: retryAfterMs(response.headers) })
  }
  throw new DownloadError({
    url: download.url,
    problem: 'status',
    status: response.status,
    message: `the server answered ${response.status}.`,
    fix:
      response.status === 401 || response.status === 403
        ? 'Give an accessToken that may read this repository.'
        : 'Check repository and revision.',
  })
}

/** A whole body of another size cannot be the file: no need to fetch it. */
async function refuseOtherSize(download: Download, response: Response): Promise<void> {
  const length = response.headers.get('content-length')
  if (length === null || response.headers.has('content-encoding') || Number(length) === download.size) return
  await response.body?.cancel()
  throw new OtherSize(length)
}

class OtherSize extends Error {}

function continues(download: Download, partial: PartialFile, response: Response): boolean {
  const etag = strongEtag(response.headers)
  if (etag !== undefined && partial.etag !== undefined && etag !== partial.etag) return false
  const range = contentRange(response.headers)
  // Another origin may hide the header; the checksum then decides.
  if (range === undefined) return isCheckable(download)
  return range.first === partial.size && (range.total === undefined || range.total === download.size)
}

/** Whatever the network throws may pass; errors of this package do not. */
async function passing<T>(act: () => Promise<T>): Promise<T>
async function passing<T>(act: () => Promise<T> | undefined): Promise<T | undefined>
async function passing<T>(act: () => Promise<T> | undefined): Promise<T | undefined> {
  try {
    return await act()
  } catch (cause) {
    if (cause instanceof FormatError) throw cause
    throw new PassingFailure(cause instanceof Error ? cause.message : String(cause), { cause })
  }
}

async function stored<T>(download: Download, writing: Promise<T>): Promise<T> {
  try {
    return await writing
  } catch (cause) {
    download.signal?.throwIfAborted()
    throw storageError(download.cache, download.url, cause)
  }
}

function stallTimer(ms: number, signal: AbortSignal | undefined) {
  const controller = new AbortController()
  const start = () => setTimeout(() => controller.abort(new Error(`nothing came for ${ms} ms`)), ms)
  let timer = start()
  return {
    signal: signal ? AbortSignal.any([signal, controller.signal]) : controller.signal,
    reset() {
      clearTimeout(timer)
      timer = start()
    },
    clear: () => clearTimeout(timer),
  }
}
