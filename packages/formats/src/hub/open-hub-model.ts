/** A model repository of a hub as a local folder: what is missing in the cache is downloaded and checked first. */
import { DownloadError, IntegrityError, ModelNotFoundError, SourceError } from '../errors.js'
import { modelFolder, type ModelFolder } from '../folders/model-folder.js'
import { chooseFiles } from './choose-files.js'
import { downloadFile, findMismatch, isCached } from './download-file.js'
import { fileUrl, type HubFile, listFiles, resolveCommit } from './hub-api.js'
import { hubRequest, type FileProgress, type HubOptions, type HubRequest } from './hub-options.js'
import { cachedSnapshot, describeSnapshot, fileKey, recordSnapshot, type Snapshot } from './snapshot.js'

export interface HubModel {
  /** `owner/name` */
  readonly repository: string
  readonly revision: string
  /** What the revision meant. Give it as `revision` to get the same bytes for ever. */
  readonly commit: string
  /** `cache`: the hub was not asked, so a branch may have moved on. */
  readonly origin: 'hub' | 'cache'
  readonly files: readonly HubFile[]
  readonly folder: ModelFolder
}

/**
 * Opens `owner/name`, or the address of its page. Only configuration, tokenizer and safetensors files are fetched.
 *
 * @throws ModelNotFoundError, DownloadError, IntegrityError, UnsupportedFileError (pickles), OptionError
 */
export async function openHubModel(repository: string, options: HubOptions = {}): Promise<HubModel> {
  const request = await hubRequest(repository, options)
  const cached = await cachedSnapshot(request.cache, request)
  const { snapshot, origin } = await findSnapshot(request, cached)
  await fetchMissing(request, snapshot, origin)
  // A copy that is known already is not written again: the cache may be read-only.
  if (snapshot.commit !== cached?.commit) await recordSnapshot(request.cache, request, snapshot)
  return {
    repository: request.id,
    revision: request.revision,
    commit: snapshot.commit,
    origin,
    files: snapshot.files,
    folder: cacheFolder(request, snapshot),
  }
}

interface Found {
  readonly snapshot: Snapshot
  readonly origin: 'hub' | 'cache'
}

async function findSnapshot(request: HubRequest, cached: Snapshot | undefined): Promise<Found> {
  if (cached?.commit === request.revision) return { snapshot: cached, origin: 'cache' }
  if (request.offline) {
    if (cached) return { snapshot: cached, origin: 'cache' }
    const message = `is not complete in the cache ${request.cache.name}.`
    throw new ModelNotFoundError(request.id, request.revision, message, 'Load it once without offline.')
  }
  try {
    return { snapshot: await askHub(request), origin: 'hub' }
  } catch (error) {
    if (!cached || !isUnreachable(error)) throw error
    request.report({ phase: 'offline', commit: cached.commit, reason: error.message })
    return { snapshot: cached, origin: 'cache' }
  }
}

function isUnreachable(error: unknown): error is DownloadError {
  return error instanceof DownloadError && error.problem === 'network'
}

async function askHub(request: HubRequest): Promise<Snapshot> {
  const commit = await resolveCommit(request)
  const listed = await listFiles(request, commit)
  const files = await chooseFiles(request, listed, async (index) => {
    await fetchFile(request, commit, index, () => {})
    const text = await cacheFolder(request, { commit, files: [index] }).readText(index.name)
    return text
  })
  return { commit, files }
}

async function fetchMissing(request: HubRequest, { commit, files }: Snapshot, origin: Found['origin']): Promise<void> {
  const overallTotal = files.reduce((total, { size }) => total + size, 0)
  let before = 0
  for (const [fileIndex, file] of files.entries()) {
    const report = (phase: FileProgress['phase'], loaded: number) => {
      const overall = { overallLoaded: before + loaded, overallTotal }
      request.report({ phase, file: file.name, loaded, total: file.size, fileIndex, files: files.length, ...overall })
    }
    request.signal?.throwIfAborted()
    if (await isUsable(request, commit, file)) report('cached', file.size)
    else {
      if (origin === 'cache' && request.offline) throw damaged(request, file)
      await fetchFile(request, commit, file, (loaded) => report('download', loaded))
      report('verified', file.size)
    }
    before += file.size
  }
}

async function fetchFile(request: HubRequest, commit: string, file: HubFile, onBytes: (loaded: number) => void) {
  const key = fileKey(request, commit, file.name)
  if (await isCached(request.cache, key, file.size)) return
  const { cache, fetch, retry, stallMs, signal } = request
  const url = fileUrl(request, commit, file.name)
  const { name, ...identity } = file
  await downloadFile({ ...identity, url, file: name, key, cache, fetch, retry, stallMs, signal, onBytes })
}

/** Whether the cached copy can be used; with `verify`, a damaged one is deleted. */
async function isUsable(request: HubRequest, commit: string, file: HubFile): Promise<boolean> {
  const key = fileKey(request, commit, file.name)
  if (!(await isCached(request.cache, key, file.size))) return false
  if (!request.verify) return true
  const source = await request.cache.open(key)
  if (source && !(await findMismatch(source, file, request.signal))) return true
  await request.cache.remove(key)
  return false
}

function damaged(request: HubRequest, file: HubFile): IntegrityError {
  const expected = file.sha256 ?? file.gitBlobId ?? `${file.size} bytes`
  return new IntegrityError({ url: request.cache.name, file: file.name, expected, actual: 'other bytes in the cache' })
}

function cacheFolder(request: HubRequest, snapshot: Snapshot): ModelFolder {
  const name = describeSnapshot(request, snapshot)
  const names = snapshot.files.map((file) => file.name).toSorted()
  return modelFolder(
    name,
    async () => names,
    async (file) => {
      const key = fileKey(request, snapshot.commit, file)
      const source = names.includes(file) ? await request.cache.open(key) : undefined
      if (source) return source
      throw new SourceError(`${name}/${file}`, 'not-found', 'no such file.', `There are ${names.join(', ')}.`)
    },
  )
}
