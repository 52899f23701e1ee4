import { StoreError } from '../errors.js'

export interface ListPage {
  readonly keys: string[]
  /** Where the next page begins; null after the last. */
  readonly next: string | null
}

/** The answer to ListObjectsV2. Keys that are not ours by their beginning are left out. */
export function readPage(body: Uint8Array, prefix: string): ListPage {
  const xml = new TextDecoder().decode(body)
  if (!xml.includes('<ListBucketResult') || !xml.includes('</ListBucketResult>'))
    throw new StoreError('unavailable', 'S3: the answer to a list is no list.')
  const keys = [...xml.matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key]) => decode(key))
  const isTruncated = /<IsTruncated>\s*true\s*<\/IsTruncated>/.test(xml)
  const token = /<NextContinuationToken>([^<]*)<\/NextContinuationToken>/.exec(xml)?.[1]
  const own = keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length))
  return { keys: own, next: isTruncated && token !== undefined ? decode(token) : null }
}

const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' }

function decode(text: string): string {
  return text.replaceAll(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal: string, hex: string, name: string) => {
    if (name !== undefined) return entities[name] ?? whole
    return String.fromCodePoint(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal))
  })
}
