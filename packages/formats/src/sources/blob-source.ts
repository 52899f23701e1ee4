/** A `Blob` or a browser `File`, read by slices. The browser reports a file that changed on disk as an error. */
import { SourceError } from '../errors.js'
import { checkRange, shortRead, type ByteSource } from './byte-source.js'

/** A source over a blob, which stays reachable as `blob` for code that wants to stream it. */
export interface BlobSource extends ByteSource {
  readonly blob: Blob
}

export function blobSource(blob: Blob, name = blobName(blob)): BlobSource {
  const size = blob.size
  return {
    name,
    size,
    blob,
    async read(offset, length, options) {
      options?.signal?.throwIfAborted()
      checkRange({ name, size }, offset, length)
      const bytes = await slice(blob, name, offset, length)
      options?.signal?.throwIfAborted()
      if (bytes.byteLength !== length) throw shortRead(name, offset, length, bytes.byteLength)
      return bytes
    },
    dispose() {},
    [Symbol.dispose]() {},
  }
}

async function slice(blob: Blob, name: string, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer())
  } catch (cause) {
    const error = new SourceError(
      name,
      'changed',
      `cannot be read any more (${String(cause)}).`,
      'The file changed or was removed after it was chosen. Choose it again.',
    )
    error.cause = cause
    throw error
  }
}

function blobName(blob: Blob): string {
  return 'name' in blob && typeof blob.name === 'string' ? blob.name : 'blob'
}
