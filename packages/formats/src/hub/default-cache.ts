/** The cache that is used when none is given. */
import type { Cache } from './cache.js'
import { memoryCache } from './memory-cache.js'
import { nodeCache } from './node-cache.js'
import { opfsCache } from './opfs-cache.js'

/** A folder in Node, the origin private file system in browsers that have it, else memory. */
export async function defaultCache(): Promise<Cache> {
  if (isNode()) return nodeCache()
  const hasOpfs = typeof globalThis.navigator?.storage?.getDirectory === 'function'
  return hasOpfs ? opfsCache() : memoryCache()
}

export function isNode(): boolean {
  return typeof process !== 'undefined' && typeof process.versions?.node === 'string'
}
