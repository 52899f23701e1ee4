/** Checksums of whole files, read piece by piece. */
import { FormatError } from '../errors.js'
import type { ByteSource, ReadOptions } from '../sources/byte-source.js'
import { isNode } from './default-cache.js'

const pieceBytes = 4 * 1024 * 1024

/** SHA-256 of the bytes, in hexadecimal: what a hub gives for large files. */
export async function sha256(source: ByteSource, options: ReadOptions = {}): Promise<string> {
  if (isNode()) return nodeHash('sha256', new Uint8Array(0), source, options)
  return blobSha256(await asBlob(source, options), options)
}

/** SHA-1 of `blob <length>\0` and the bytes: the id that git gives a file. */
export async function gitBlobId(source: ByteSource, options: ReadOptions = {}): Promise<string> {
  const prefix = new TextEncoder().encode(`blob ${source.size}\0`)
  if (isNode()) return nodeHash('sha1', prefix, source, options)
  if (!globalThis.crypto?.subtle) {
    throw new FormatError(`${source.name}: cannot be checked here.`, 'Serve the page over HTTPS or from localhost.')
  }
  const whole = new Blob([prefix, await source.read(0, source.size, options)])
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-1', await whole.arrayBuffer()))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function nodeHash(algorithm: string, prefix: Uint8Array, source: ByteSource, options: ReadOptions) {
  const { createHash } = await import('node:crypto')
  const hash = createHash(algorithm).update(prefix)
  for (let offset = 0; offset < source.size; offset += pieceBytes) {
    hash.update(await source.read(offset, Math.min(pieceBytes, source.size - offset), options))
  }
  return hash.digest('hex')
}

/** Streams through WebAssembly: WebCrypto can only hash what lies in memory as a whole. */
export async function blobSha256(blob: Blob, options: ReadOptions = {}): Promise<string> {
  const { __internal_sha256: hashBlob } = await import('@huggingface/hub')
  const steps = hashBlob(blob, options.signal ? { abortSignal: options.signal } : {})
  for (;;) {
    const step = await steps.next()
    options.signal?.throwIfAborted()
    if (step.done) return step.value
  }
}

async function asBlob(source: ByteSource, options: ReadOptions): Promise<Blob> {
  if ('blob' in source && source.blob instanceof Blob) return source.blob
  return new Blob([await source.read(0, source.size, options)])
}
