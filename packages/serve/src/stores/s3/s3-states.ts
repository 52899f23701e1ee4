import { randomBytes } from 'node:crypto'
import { checkKey, checkPrefix } from '../common/check-key.js'
import { closedError } from '../common/closed.js'
import type { StateStore } from '../contract.js'
import { StoreError } from '../errors.js'
import { checksumOf, sha256 } from './checksum.js'
import { type ListPage, readPage } from './list-page.js'
import { type S3Credentials, S3Requests } from './s3-requests.js'

export interface S3StatesOptions {
  /** Of the bucket: `https://bucket.s3.eu-west-1.amazonaws.com` or `http://minio:9000/bucket`; keys are appended to it. */
  readonly url: string
  /** Default `us-east-1`, which most services other than AWS take. */
  readonly region?: string
  /** Keys, or what gives them whenever they are needed; it should keep those that still hold. */
  readonly credentials: S3Credentials | (() => Promise<S3Credentials>)
  /** What all keys begin with in the bucket, as `retnet/`. Default none. */
  readonly prefix?: string
  /** Milliseconds that one attempt may take; default 15,000. */
  readonly timeoutMs?: number
  /** Attempts before a call fails, with growing pauses; default 5. */
  readonly attempts?: number
}

const CHECKSUM = 'x-amz-meta-retnet-checksum'
const PAGE = 1000

/**
 * Objects in a bucket of S3, or of a service that speaks its protocol and knows `If-None-Match` (AWS, MinIO, Garage, Ceph, R2). What
 * arrives is checked by the service against the signed hash, and what comes back by this store.
 */
export class S3States implements StateStore {
  readonly #requests: S3Requests
  readonly #prefix: string
  readonly #attempts: number
  #closed = false

  constructor({
    url,
    region = 'us-east-1',
    credentials,
    prefix = '',
    timeoutMs = 15_000,
    attempts = 5,
  }: S3StatesOptions) {
    if (prefix !== '') checkPrefix(prefix)
    const give = typeof credentials === 'function' ? credentials : async () => credentials
    this.#requests = new S3Requests({ url, region, credentials: give, timeoutMs, attempts })
    this.#prefix = prefix
    this.#attempts = attempts
  }

  /**
   * The store, once it is seen that the bucket is there and that an object can be made once only: of a service that takes no notice of
   * `If-None-Match` two workers could make the same revision. Throws StoreError('unavailable').
   */
  static async open(options: S3StatesOptions): Promise<S3States> {
    const states = new S3States(options)
    const key = `check/${randomBytes(16).toString('hex')}`
    try {
      const made = await states.put(key, Uint8Array.of(1), { ifAbsent: true })
      const again = await states.put(key, Uint8Array.of(2), { ifAbsent: true })
      await states.delete(key)
      if (made && !again) return states
    } catch (error) {
      await states.close()
      throw error
    }
    await states.close()
    throw new StoreError('unavailable', `${options.url}: the service does not heed If-None-Match.`, {
      fix: 'Use one that does: without it two workers could make the same revision.',
    })
  }

  async put(key: string, bytes: Uint8Array, { ifAbsent = false }: { ifAbsent?: boolean } = {}): Promise<boolean> {
    const path = this.#path(key)
    const body = new Uint8Array(bytes)
    const hash = await sha256(body)
    const headers = { [CHECKSUM]: await checksumOf(key, hash), ...(ifAbsent && { 'if-none-match': '*' }) }
    const { status, uncertain } = await this.#requests.send({ method: 'PUT', path, headers, body, hash, known: [412] })
    if (status !== 412) return true
    // the answer to an earlier attempt was lost: it may have been this one that made the object
    return uncertain && (await this.#holds(key, body))
  }

  async get(key: string): Promise<Uint8Array | null> {
    const path = this.#path(key)
    for (let attempt = 1; ; attempt += 1) {
      const { status, body, headers } = await this.#requests.send({ method: 'GET', path, known: [404] })
      if (status === 404) return null
      if (headers.get(CHECKSUM) === (await checksumOf(key, await sha256(body)))) return body
      if (attempt >= this.#attempts) throw new StoreError('damaged', `${key}: what came is not what was put.`)
    }
  }

  async delete(key: string): Promise<void> {
    await this.#requests.send({ method: 'DELETE', path: this.#path(key), known: [404] })
  }

  async list(prefix: string, { after = '', limit = 1000 }: { after?: string; limit?: number } = {}): Promise<string[]> {
    if (this.#closed) throw closedError('state store')
    checkPrefix(prefix)
    const keys: string[] = []
    let next: string | null = null
    do {
      const page = await this.#page(prefix, after, Math.min(PAGE, limit - keys.length), next)
      keys.push(...page.keys)
      next = page.next
    } while (next !== null && keys.length < limit)
    return keys.slice(0, limit)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#requests.close()
  }

  async #page(prefix: string, after: string, count: number, next: string | null): Promise<ListPage> {
    if (count <= 0) return { keys: [], next: null }
    const query = {
      'list-type': '2',
      prefix: this.#prefix + prefix,
      'max-keys': String(count),
      ...(after !== '' && { 'start-after': this.#prefix + after }),
      ...(next !== null && { 'continuation-token': next }),
    }
    const { body } = await this.#requests.send({ method: 'GET', path: '', query })
    return readPage(body, this.#prefix)
  }

  async #holds(key: string, bytes: Uint8Array): Promise<boolean> {
    const present = await this.get(key)
    return present !== null && Buffer.compare(present, bytes) === 0
  }

  #path(key: string): string {
    if (this.#closed) throw closedError('state store')
    checkKey(key)
    return this.#prefix + key
  }
}
