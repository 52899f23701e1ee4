/** A file that is already in memory. */
import { checkRange, type ByteSource } from './byte-source.js'

/** Wraps bytes without copying them: do not change them while the source is in use. */
export function memorySource(bytes: Uint8Array<ArrayBuffer>, name = 'memory'): ByteSource {
  const size = bytes.byteLength
  return {
    name,
    size,
    async read(offset, length, options) {
      options?.signal?.throwIfAborted()
      checkRange({ name, size }, offset, length)
      return bytes.subarray(offset, offset + length)
    },
    dispose() {},
    [Symbol.dispose]() {},
  }
}
