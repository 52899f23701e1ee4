import { AwsV4Signer } from 'aws4fetch'
import { closedError } from '../common/closed.js'
import { codeOf, fromAnswer, fromFailure } from './s3-error.js'

export interface S3Credentials {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string
}

export interface S3Request {
  readonly method: 'GET' | 'PUT' | 'DELETE'
  /** Below the bucket; empty for the bucket itself. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array<ArrayBuffer>
  /** SHA-256 of the body in hex. */
  readonly hash?: string
  /** What the caller understands besides success. */
  readonly known?: readonly number[]
}

export interface S3Answer {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array<ArrayBuffer>
  /** An attempt before this may have been carried out although its answer said otherwise or was lost. */
  readonly uncertain: boolean
}

interface RequestsOptions {
  readonly url: string
  readonly region: string
  readonly credentials: () => Promise<S3Credentials>
  readonly timeoutMs: number
  readonly attempts: number
}

const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'
const FIRST_PAUSE_MS = 50
// 409: two conditional writes at once, of which S3 wants one to try again
const passing = new Set([408, 409, 425, 429, 500, 502, 503, 504])

/** Signed requests, tried again with growing pauses. Throws StoreError. */
export class S3Requests {
  readonly #options: RequestsOptions
  readonly #closing = new AbortController()

  constructor(options: RequestsOptions) {
    this.#options = options
  }

  async send(request: S3Request): Promise<S3Answer> {
    let uncertain = false
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#attempt(request).catch((error: unknown) => error)
      if (this.#closing.signal.aborted) throw closedError('state store')
      if (isResponse(answer) && isUnderstood(answer, request)) return { ...answer, uncertain }
      const isPassing = !isResponse(answer) || passing.has(answer.status)
      if (!isPassing || attempt >= this.#options.attempts) throw problem(request, answer)
      uncertain ||= !isResponse(answer) || answer.status >= 500
      await pause(attempt)
    }
  }

  close(): void {
    this.#closing.abort()
  }

  async #attempt(request: S3Request): Promise<Omit<S3Answer, 'uncertain'>> {
    const { method, url, headers } = await this.#sign(request)
    const signal = AbortSignal.any([this.#closing.signal, AbortSignal.timeout(this.#options.timeoutMs)])
    const body = request.body ?? null
    const response = await fetch(url, { method, headers, body, signal, redirect: 'manual' })
    const bytes = new Uint8Array(await response.arrayBuffer())
    return { status: response.status, headers: response.headers, body: bytes }
  }

  async #sign({ method, path, query = {}, headers = {}, hash = EMPTY }: S3Request) {
    const url = new URL(this.#options.url)
    if (path !== '') url.pathname = `${url.pathname.replace(/\/$/, '')}/${path}`
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    const credentials = await this.#options.credentials()
    const { region } = this.#options
    const all = { ...headers, 'x-amz-content-sha256': hash }
    return new AwsV4Signer({ method, url: url.href, headers: all, service: 's3', region, ...credentials }).sign()
  }
}

function isResponse(answer: unknown): answer is Omit<S3Answer, 'uncertain'> {
  return answer instanceof Object && 'status' in answer
}

function isUnderstood({ status, body }: Omit<S3Answer, 'uncertain'>, { known = [] }: S3Request): boolean {
  if (status >= 200 && status < 300) return true
  // a bucket that is not there is no absent object
  return known.includes(status) && !(status === 404 && codeOf(body) === 'NoSuchBucket')
}

function problem({ method, path }: S3Request, answer: unknown): Error {
  const what = path === '' ? 'the list of keys' : `${method} ${path}`
  return isResponse(answer) ? fromAnswer(what, answer) : fromFailure(what, answer as Error)
}

// random, so that many who were told to slow down do not come back together
function pause(attempt: number): Promise<void> {
  const ms = FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random() / 2)
  return new Promise((resolve) => setTimeout(resolve, ms))
}
