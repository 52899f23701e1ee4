/** Where downloads are kept. One small interface for a folder (Node), OPFS (browsers) and memory. */
import { DownloadError } from '../errors.js'
import type { ByteSource, ReadOptions } from '../sources/byte-source.js'

/** Keys are paths of safe characters, such as `huggingface.co/owner--name/<commit>/config.json`. */
export interface Cache {
  readonly name: string
  /** A file that was committed, or undefined. Never one that is still being written. */
  open(key: string): Promise<ByteSource | undefined>
  /** Starts a file, or continues what a broken download left. No other writer has the same one until it ends. */
  begin(key: string, options?: ReadOptions): Promise<PartialFile>
  remove(key: string): Promise<void>
}

/** A file that is being written. It ends with exactly one of `commit`, `release` and `discard`. */
export interface PartialFile {
  /** Bytes so far; not 0 at the start when an earlier download was cut. */
  readonly size: number
  /** What `restart` recorded, also in an earlier process. */
  readonly etag: string | undefined
  /** Drops all bytes and records the ETag of the version that follows. */
  restart(etag: string | undefined): Promise<void>
  append(bytes: Uint8Array<ArrayBuffer>): Promise<void>
  /** The bytes so far, to check them. Dispose it before going on. */
  read(): Promise<ByteSource>
  /** Makes the file visible under its key, whole and durable. */
  commit(): Promise<void>
  /** Keeps the bytes for a later `begin`. */
  release(): Promise<void>
  discard(): Promise<void>
}

/** A small committed text, or undefined. */
export async function readCachedText(cache: Cache, key: string): Promise<string | undefined> {
  const source = await cache.open(key)
  if (!source) return undefined
  const bytes = await source.read(0, source.size).finally(() => source.dispose())
  return new TextDecoder().decode(bytes)
}

export async function writeCachedText(cache: Cache, key: string, text: string): Promise<void> {
  const failed = (cause: unknown): never => {
    throw storageError(cache, key, cause)
  }
  const partial = await cache.begin(key).catch(failed)
  try {
    await partial.restart(undefined)
    await partial.append(new TextEncoder().encode(text))
    await partial.commit()
  } catch (cause) {
    await partial.discard().catch(() => {})
    failed(cause)
  }
}

/** A full disk, a read-only folder, or the quota of a browser. */
export function storageError(cache: Cache, url: string, cause: unknown): DownloadError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  const message = `cannot be stored in the cache ${cache.name} (${reason}).`
  const fix = 'Free some space, choose another cache folder, or use memoryCache().'
  return new DownloadError({ url, problem: 'storage', message, fix, cause })
}
