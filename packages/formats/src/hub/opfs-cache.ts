/**
 * Downloads kept in the origin private file system of a browser. A file is a folder of numbered segments, because
 * a browser only keeps what was written when the writer closes; `complete` is written last.
 */
import { blobSource } from '../sources/blob-source.js'
import type { ByteSource } from '../sources/byte-source.js'
import { concatenate } from '../sources/http.js'
import type { Cache, PartialFile } from './cache.js'

export interface OpfsCacheOptions {
  /** Bytes gathered in memory before they are stored; a closed tab loses at most so many. Default 8 MiB. */
  readonly segmentBytes?: number | undefined
  /** Default: `navigator.locks`, so that two tabs do not write one file. */
  readonly locks?: LockManager | undefined
}

/** A cache in a folder of the origin private file system, or in any other `FileSystemDirectoryHandle`. */
export async function opfsCache(root?: FileSystemDirectoryHandle, options: OpfsCacheOptions = {}): Promise<Cache> {
  const folder = root ?? (await (await navigator.storage.getDirectory()).getDirectoryHandle('retnet', { create: true }))
  const locks = options.locks ?? globalThis.navigator?.locks
  return {
    name: 'opfs',
    async open(key) {
      const entry = await find(folder, key, false)
      return entry && readComplete(entry, key)
    },
    async begin(key, { signal } = {}) {
      const unlock = await lock(locks, `retnet-cache:${key}`, signal)
      try {
        const entry = (await find(folder, key, true))!
        return await opfsPartial(entry, key, options.segmentBytes ?? 8 * 1024 * 1024, unlock)
      } catch (error) {
        unlock()
        throw error
      }
    },
    async remove(key) {
      const entry = await find(folder, key, false)
      if (entry) await clear(entry)
    },
  }
}

async function opfsPartial(
  entry: FileSystemDirectoryHandle,
  key: string,
  segmentBytes: number,
  unlock: () => void,
): Promise<PartialFile> {
  // A committed file under this key is being replaced: nothing of it can be continued.
  if (await readFile(entry, 'complete')) await clear(entry)
  const found = await segments(entry)
  let stored = found.reduce((total, file) => total + file.size, 0)
  let count = found.length
  let etag = await readText(entry, 'etag')
  let buffered: Uint8Array<ArrayBuffer>[] = []
  let bufferedBytes = 0
  const flush = async () => {
    if (bufferedBytes === 0) return
    await writeFile(entry, String(count), concatenate(buffered, bufferedBytes))
    stored += bufferedBytes
    count++
    buffered = []
    bufferedBytes = 0
  }
  return {
    get size() {
      return stored + bufferedBytes
    },
    get etag() {
      return etag
    },
    async restart(next) {
      await clear(entry)
      stored = count = bufferedBytes = 0
      buffered = []
      etag = next
      if (next !== undefined) await writeFile(entry, 'etag', new TextEncoder().encode(next))
    },
    async append(bytes) {
      buffered.push(bytes)
      bufferedBytes += bytes.byteLength
      if (bufferedBytes >= segmentBytes) await flush()
    },
    async read() {
      await flush()
      return blobSource(new Blob(await segments(entry)), key)
    },
    async commit() {
      await flush()
      await writeFile(entry, 'complete', new TextEncoder().encode(JSON.stringify({ segments: count, bytes: stored })))
      unlock()
    },
    release: () => flush().finally(unlock),
    discard: () => clear(entry).finally(unlock),
  }
}

async function readComplete(entry: FileSystemDirectoryHandle, key: string): Promise<ByteSource | undefined> {
  const text = await readText(entry, 'complete')
  if (text === undefined) return undefined
  const { segments: count, bytes } = JSON.parse(text) as { segments: number; bytes: number }
  const files = await segments(entry)
  const blob = new Blob(files)
  // The browser may evict files one by one; then the download starts again.
  return files.length === count && blob.size === bytes ? blobSource(blob, key) : undefined
}

async function segments(entry: FileSystemDirectoryHandle): Promise<File[]> {
  const files: File[] = []
  for (let file = await readFile(entry, '0'); file; file = await readFile(entry, String(files.length))) files.push(file)
  return files
}

async function find(root: FileSystemDirectoryHandle, key: string, create: boolean) {
  let folder = root
  for (const part of key.split('/')) {
    const next = await optional(folder.getDirectoryHandle(part, { create }))
    if (!next) return undefined
    folder = next
  }
  return folder
}

async function readFile(folder: FileSystemDirectoryHandle, name: string): Promise<File | undefined> {
  const handle = await optional(folder.getFileHandle(name))
  return handle?.getFile()
}

async function readText(folder: FileSystemDirectoryHandle, name: string): Promise<string | undefined> {
  return (await readFile(folder, name))?.text()
}

async function writeFile(folder: FileSystemDirectoryHandle, name: string, bytes: Uint8Array<ArrayBuffer>) {
  const handle = await folder.getFileHandle(name, { create: true })
  if ('createWritable' in handle) {
    const writable = await handle.createWritable()
    await writable.write(bytes)
    await writable.close()
    return
  }
  // Older Safari has only this one, and only in workers.
  const access = await (handle as unknown as SyncFileHandle).createSyncAccessHandle()
  try {
    access.truncate(0)
    access.write(bytes)
    access.flush()
  } finally {
    access.close()
  }
}

interface SyncFileHandle {
  createSyncAccessHandle(): Promise<{
    truncate(size: number): void
    write(bytes: Uint8Array): void
    flush(): void
    close(): void
  }>
}

async function clear(folder: FileSystemDirectoryHandle): Promise<void> {
  // `complete` first: without it the rest is only a partial file.
  await optional(folder.removeEntry('complete'))
  const names: string[] = []
  // Collected first: removing while listing may skip some.
  for await (const name of (folder as unknown as { keys(): AsyncIterable<string> }).keys()) names.push(name)
  for (const name of names) await folder.removeEntry(name, { recursive: true })
}

async function optional<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof Error && error.name === 'NotFoundError') return undefined
    throw error
  }
}

/** Waits for the lock and returns the function that gives it back. */
async function lock(locks: LockManager | undefined, name: string, signal?: AbortSignal): Promise<() => void> {
  if (!locks) return () => {}
  return new Promise((resolve, reject) => {
    const hold = () => new Promise<void>((unlock) => resolve(unlock))
    locks.request(name, signal ? { signal } : {}, hold).catch(reject)
  })
}
