/** Downloads kept in memory until the page or process ends, for places without storage and for tests. */
import { blobSource } from '../sources/blob-source.js'
import type { Cache, PartialFile } from './cache.js'

interface Pieces {
  etag: string | undefined
  size: number
  parts: Array<Uint8Array<ArrayBuffer>>
}

export function memoryCache(): Cache {
  const files = new Map<string, Blob>()
  const released = new Map<string, Pieces>()
  return {
    name: 'memory',
    async open(key) {
      const blob = files.get(key)
      return blob && blobSource(blob, key)
    },
    async begin(key) {
      const pieces = released.get(key) ?? { etag: undefined, size: 0, parts: [] }
      released.delete(key)
      return memoryPartial(key, pieces, files, released)
    },
    async remove(key) {
      files.delete(key)
    },
  }
}

function memoryPartial(
  key: string,
  pieces: Pieces,
  files: Map<string, Blob>,
  released: Map<string, Pieces>,
): PartialFile {
  return {
    get size() {
      return pieces.size
    },
    get etag() {
      return pieces.etag
    },
    async restart(etag) {
      Object.assign(pieces, { etag, size: 0, parts: [] })
    },
    async append(bytes) {
      pieces.parts.push(bytes)
      pieces.size += bytes.byteLength
    },
    read: async () => blobSource(new Blob(pieces.parts), key),
    async commit() {
      files.set(key, new Blob(pieces.parts))
    },
    async release() {
      if (pieces.size > 0) released.set(key, pieces)
    },
    async discard() {},
  }
}
