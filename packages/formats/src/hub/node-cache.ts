/**
 * Downloads kept in a folder (Node). A file appears under its name only when complete; until then it lies in a folder
 * `<file>.partial`. A writer claims that folder by renaming it to a name of its own, which only one process can win.
 */
import type { FileHandle } from 'node:fs/promises'
import { flushFolder } from '../node/write-atomically.js'
import { openFile } from '../sources/file-source.js'
import { SourceError } from '../errors.js'
import type { Cache, PartialFile } from './cache.js'

// A partial of an unknown machine (a shared disk) may be taken over when nothing was written to it for so long.
const abandonedMs = 24 * 60 * 60 * 1000

/** A cache in `folder`; by default RETNET_CACHE, else XDG_CACHE_HOME/retnet, else ~/.cache/retnet. */
export async function nodeCache(folder?: string): Promise<Cache> {
  const { paths } = await nodeModules()
  const root = paths.resolve(folder ?? (await defaultFolder()))
  const pathOf = (key: string) => paths.join(root, ...key.split('/'))
  return {
    name: root,
    async open(key) {
      try {
        return await openFile(pathOf(key))
      } catch (error) {
        if (error instanceof SourceError && error.problem === 'not-found') return undefined
        throw error
      }
    },
    begin: (key) => beginPartial(pathOf(key)),
    async remove(key) {
      const { files } = await nodeModules()
      await files.rm(pathOf(key), { force: true })
    },
  }
}

/** Imported when needed: browsers have none of them. */
async function nodeModules() {
  const [files, os, paths] = await Promise.all([import('node:fs/promises'), import('node:os'), import('node:path')])
  return { files, os, paths }
}

async function defaultFolder(): Promise<string> {
  const { os, paths } = await nodeModules()
  const { RETNET_CACHE, XDG_CACHE_HOME } = process.env
  if (RETNET_CACHE) return RETNET_CACHE
  return paths.join(XDG_CACHE_HOME || paths.join(os.homedir(), '.cache'), 'retnet')
}

async function beginPartial(path: string): Promise<PartialFile> {
  const { files, paths } = await nodeModules()
  await files.mkdir(paths.dirname(path), { recursive: true })
  const own = `${path}.partial-${await partialOwner(process.pid)}-${crypto.randomUUID().slice(0, 8)}`
  if (!(await claim(path, own))) await files.mkdir(own)
  const data = paths.join(own, 'data')
  const etag = await files.readFile(paths.join(own, 'etag'), 'utf8').catch(() => undefined)
  const handle = await files.open(data, 'a')
  const { size } = await handle.stat()
  return nodePartial({ path, own, data, handle, size, etag })
}

interface OpenPartial {
  readonly path: string
  readonly own: string
  readonly data: string
  readonly handle: FileHandle
  size: number
  etag: string | undefined
}

function nodePartial(state: OpenPartial): PartialFile {
  const { path, own, data, handle } = state
  const removeOwn = async () => {
    const { files } = await nodeModules()
    await files.rm(own, { recursive: true, force: true })
  }
  return {
    get size() {
      return state.size
    },
    get etag() {
      return state.etag
    },
    async restart(etag) {
      const { files, paths } = await nodeModules()
      await handle.truncate(0)
      Object.assign(state, { size: 0, etag })
      if (etag === undefined) await files.rm(paths.join(own, 'etag'), { force: true })
      else await files.writeFile(paths.join(own, 'etag'), etag)
    },
    async append(bytes) {
      await handle.writeFile(bytes)
      state.size += bytes.byteLength
    },
    read: () => openFile(data),
    async commit() {
      const { files, paths } = await nodeModules()
      await handle.sync()
      await handle.close()
      await files.rename(data, path)
      await removeOwn()
      await files.rm(`${path}.partial`, { recursive: true, force: true })
      await flushFolder(paths.dirname(path))
    },
    async release() {
      const { files } = await nodeModules()
      await handle.close()
      // Renaming fails when another writer has released one meanwhile: one is enough.
      if (state.size === 0) await removeOwn()
      else await files.rename(own, `${path}.partial`).catch(removeOwn)
    },
    async discard() {
      await handle.close()
      await removeOwn()
    },
  }
}

/** Takes over what a cut download or a dead process left, by one atomic rename. */
async function claim(path: string, own: string): Promise<boolean> {
  const { files, paths } = await nodeModules()
  const prefix = `${paths.basename(path)}.partial`
  const names = (await files.readdir(paths.dirname(path))).filter(
    (name) => name === prefix || name.startsWith(`${prefix}-`),
  )
  for (const name of names.toSorted()) {
    const candidate = paths.join(paths.dirname(path), name)
    if (name !== prefix && !(await isAbandoned(candidate, name.slice(prefix.length + 1)))) continue
    const won = await files.rename(candidate, own).then(
      () => true,
      () => false,
    )
    if (won) return true
  }
  return false
}

async function isAbandoned(folder: string, owner: string): Promise<boolean> {
  const match = /^([0-9a-f]+)-(\d+)-[0-9a-f]+$/.exec(owner)
  if (!match) return false
  if (match[1] === (await machine())) return !isAlive(Number(match[2]))
  const { files, paths } = await nodeModules()
  const found = await files.stat(paths.join(folder, 'data')).catch(() => undefined)
  return found !== undefined && Date.now() - found.mtimeMs > abandonedMs
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** Marks the partial files of a process. */
export async function partialOwner(pid: number): Promise<string> {
  return `${await machine()}-${pid}`
}

/** Tells machines (and containers) apart, whose process numbers mean nothing to one another. */
async function machine(): Promise<string> {
  const { os } = await nodeModules()
  let hash = 5381
  for (const char of os.hostname()) hash = (Math.imul(hash, 33) + char.codePointAt(0)!) >>> 0
  return hash.toString(16)
}
