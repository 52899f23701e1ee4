/** A file on disk, read by position in Node. Devices, pipes and folders are refused before anything is read. */
import type { FileHandle } from 'node:fs/promises'
import { SourceError } from '../errors.js'
import { checkRange, shortRead, type ByteSource, type ReadOptions } from './byte-source.js'

// One system call reads at most 2 GiB; smaller pieces also let an abort through.
const pieceBytes = 64 * 1024 * 1024

/** Opens a regular file for reading. The file may not change while it is open. */
export async function openFile(path: string): Promise<ByteSource> {
  const { open, constants } = await import('node:fs/promises')
  // Without O_NONBLOCK, opening a pipe waits for a writer for ever.
  const flags = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
  const handle = await open(path, flags).catch((cause: unknown) => {
    throw openError(path, cause)
  })
  try {
    const { size, mtimeMs } = await regularFile(path, handle)
    return fileSource(path, handle, size, mtimeMs)
  } catch (error) {
    await handle.close()
    throw error
  }
}

function fileSource(name: string, handle: FileHandle, size: number, mtimeMs: number): ByteSource {
  let open = true
  const dispose = () => {
    if (!open) return
    open = false
    handle.close().catch(() => {})
  }
  return {
    name,
    size,
    async read(offset, length, options) {
      if (!open) throw disposed(name)
      checkRange({ name, size }, offset, length)
      try {
        const bytes = await readFully(name, handle, offset, length, options)
        const now = await handle.stat()
        if (now.size !== size || now.mtimeMs !== mtimeMs) throw changed(name)
        return bytes
      } catch (error) {
        throw open ? error : disposed(name)
      }
    },
    dispose,
    [Symbol.dispose]: dispose,
  }
}

async function readFully(
  name: string,
  handle: FileHandle,
  offset: number,
  length: number,
  options: ReadOptions | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length)
  let done = 0
  while (done < length) {
    options?.signal?.throwIfAborted()
    const { bytesRead } = await handle.read(bytes, done, Math.min(pieceBytes, length - done), offset + done)
    if (bytesRead === 0) throw shortRead(name, offset, length, done)
    done += bytesRead
  }
  return bytes
}

async function regularFile(path: string, handle: FileHandle) {
  const stat = await handle.stat()
  if (stat.isFile()) return stat
  const kind = stat.isDirectory() ? 'a folder' : stat.isFIFO() ? 'a pipe' : stat.isSocket() ? 'a socket' : 'a device'
  throw new SourceError(path, 'not-a-file', `expected a regular file, got ${kind}.`, 'Give the path of a file on disk.')
}

function openError(path: string, cause: unknown): SourceError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const missing = code === 'ENOENT' || code === 'ENOTDIR'
  const error = missing
    ? new SourceError(path, 'not-found', 'no such file.', 'Check the path.')
    : new SourceError(path, 'failed', `cannot be opened (${cause instanceof Error ? cause.message : String(cause)}).`)
  error.cause = cause
  return error
}

function changed(name: string): SourceError {
  return new SourceError(
    name,
    'changed',
    'changed while it was open.',
    'Wait until it is fully written, then open it again.',
  )
}

function disposed(name: string): SourceError {
  return new SourceError(name, 'failed', 'was read after dispose().', 'Keep it open for as long as it is read.')
}
