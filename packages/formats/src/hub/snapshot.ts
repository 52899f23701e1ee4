/** Which commit and files of a repository lie complete in the cache. A snapshot is recorded only when all are there. */
import { quote } from '../errors.js'
import { isObject } from '../safetensors/strict-json.js'
import { type Cache, readCachedText, writeCachedText } from './cache.js'
import { isCached } from './download-file.js'
import type { HubFile } from './hub-api.js'
import { isCommit, type Repository } from './repository.js'

export interface Snapshot {
  readonly commit: string
  readonly files: readonly HubFile[]
}

export function fileKey(repository: Repository, commit: string, file: string): string {
  return `${repositoryKey(repository)}/${commit}/${file}`
}

/** The snapshot that the revision meant when it was last downloaded, or undefined when it is not complete. */
export async function cachedSnapshot(cache: Cache, repository: Repository): Promise<Snapshot | undefined> {
  const { revision } = repository
  const commit = isCommit(revision) ? revision : await readCachedText(cache, revisionKey(repository))
  if (commit === undefined || !isCommit(commit)) return undefined
  const files = parseManifest(await readCachedText(cache, manifestKey(repository, commit)))
  if (!files) return undefined
  for (const { name, size } of files) {
    if (!(await isCached(cache, fileKey(repository, commit, name), size))) return undefined
  }
  return { commit, files }
}

/** Call it when every file is in place. */
export async function recordSnapshot(cache: Cache, repository: Repository, snapshot: Snapshot): Promise<void> {
  const { commit, files } = snapshot
  await writeCachedText(
    cache,
    manifestKey(repository, commit),
    JSON.stringify({ id: repository.id, commit, files }, null, 2),
  )
  if (!isCommit(repository.revision)) await writeCachedText(cache, revisionKey(repository), commit)
}

function parseManifest(text: string | undefined): HubFile[] | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (isObject(value) && Array.isArray(value.files) && value.files.every(isHubFile)) return value.files
  } catch {
    // A manifest that cannot be read is like none: the hub is asked again.
  }
  return undefined
}

function isHubFile(value: unknown): value is HubFile {
  return (
    isObject(value) && typeof value.name === 'string' && !value.name.includes('/') && Number.isSafeInteger(value.size)
  )
}

function manifestKey(repository: Repository, commit: string): string {
  return `${repositoryKey(repository)}/${commit}/.snapshot.json`
}

function revisionKey(repository: Repository): string {
  return `${repositoryKey(repository)}/revisions/${encodeURIComponent(repository.revision)}`
}

function repositoryKey({ hubUrl, id }: Repository): string {
  const { host, pathname } = new URL(hubUrl)
  const hub = `${host}${pathname}`.replace(/\/$/, '').replaceAll(/[^\w.-]/g, '_')
  return `${hub}/${id.replace('/', '--')}`
}

/** One line for messages: `owner/name at 0123abcd`. */
export function describeSnapshot({ id }: Repository, { commit }: Snapshot): string {
  return `${quote(id).slice(1, -1)}@${commit.slice(0, 8)}`
}
