/** What the hub knows about a repository: the commit of a revision and its files. Nothing is downloaded here. */
import { DownloadError, FormatError, ModelNotFoundError } from '../errors.js'
import type { FileIdentity } from './download-file.js'
import type { HubRequest } from './hub-options.js'
import { isCommit } from './repository.js'
import { isPassingStatus, PassingFailure, withRetry } from './retry.js'

export interface HubFile extends FileIdentity {
  readonly name: string
}

const maxListedFiles = 20_000

/** The commit that the revision points at now. */
export async function resolveCommit(request: HubRequest): Promise<string> {
  const { modelInfo } = await import('@huggingface/hub')
  const { id: name, hubUrl, revision } = request
  const sha = await ask(request, async (send) => {
    const info = await modelInfo({ name, hubUrl, revision, fetch: send, additionalFields: ['sha'] })
    return info.sha
  })
  if (typeof sha === 'string' && isCommit(sha)) return sha
  throw new DownloadError({
    url: `${hubUrl}/${name}`,
    problem: 'protocol',
    message: `the hub gave no commit for ${revision}.`,
  })
}

/** The files at the top of the repository, with sizes and checksums. */
export async function listFiles(request: HubRequest, commit: string): Promise<readonly HubFile[]> {
  const hub = await import('@huggingface/hub')
  const { id: name, hubUrl } = request
  return ask(request, async (send) => {
    const files: HubFile[] = []
    const repo = { type: 'model', name } as const
    for await (const entry of hub.listFiles({ repo, revision: commit, hubUrl, fetch: send })) {
      if (entry.type === 'file') files.push(hubFile(request, entry))
      if (files.length > maxListedFiles) throw protocol(request, `lists more than ${maxListedFiles} files`)
    }
    return files
  })
}

export function fileUrl(request: HubRequest, commit: string, file: string): string {
  return `${request.hubUrl}/${request.id}/resolve/${commit}/${file.split('/').map(encodeURIComponent).join('/')}`
}

interface ListedFile {
  readonly path: unknown
  readonly size: unknown
  readonly oid?: unknown
  readonly lfs?: { readonly oid?: unknown; readonly size?: unknown }
}

function hubFile(request: HubRequest, entry: ListedFile): HubFile {
  const name = entry.path
  const size = entry.lfs?.size ?? entry.size
  if (typeof name !== 'string' || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw protocol(request, 'lists a file without name or size')
  }
  const large = hex(entry.lfs?.oid, 64)
  // For a large file the git id is that of its pointer, not of its content.
  return entry.lfs ? { name, size, sha256: large } : { name, size, gitBlobId: hex(entry.oid, 40) }
}

function hex(value: unknown, digits: number): string | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.replace(/^sha256:/, '')
  return text.length === digits && /^[0-9a-f]+$/.test(text) ? text : undefined
}

async function ask<T>(request: HubRequest, question: (send: typeof fetch) => Promise<T>): Promise<T> {
  const { signal, retry, stallMs } = request
  const send: typeof fetch = (input, init) => {
    const limit = AbortSignal.timeout(stallMs)
    return request.fetch(input, { ...init, signal: signal ? AbortSignal.any([signal, limit]) : limit })
  }
  try {
    return await withRetry(retry, signal, () => question(send).catch((error: unknown) => rethrow(request, error)))
  } catch (error) {
    if (!(error instanceof PassingFailure)) throw error
    const message = `the hub cannot be reached (${error.message}).`
    const fix = 'Check the connection, or use a revision that is in the cache.'
    throw new DownloadError({ url: `${request.hubUrl}/${request.id}`, problem: 'network', message, fix, cause: error })
  }
}

function rethrow(request: HubRequest, error: unknown): never {
  request.signal?.throwIfAborted()
  if (error instanceof FormatError) throw error
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : undefined
  const message = error instanceof Error ? error.message : String(error)
  if (status === undefined || isPassingStatus(status)) throw new PassingFailure(message, { cause: error })
  if (status === 401 || status === 403 || status === 404) {
    const fix = 'Check name and revision; for a private or gated repository give an accessToken that may read it.'
    throw new ModelNotFoundError(request.id, request.revision, `the hub refuses it with status ${status}.`, fix)
  }
  throw new DownloadError({ url: `${request.hubUrl}/${request.id}`, problem: 'status', status, message, cause: error })
}

function protocol(request: HubRequest, what: string): DownloadError {
  return new DownloadError({ url: `${request.hubUrl}/${request.id}`, problem: 'protocol', message: `the hub ${what}.` })
}
