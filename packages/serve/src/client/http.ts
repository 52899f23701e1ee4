/** Requests to one server. */
import { ConnectionError, errorOf } from './errors.js'

export interface ClientOptions {
  /** Where the server is, such as http://localhost:8080. */
  readonly baseUrl: string
  readonly apiKey?: string
  /** Default: the one of the platform. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
  /** Times that a cut stream is asked for again without getting further. Default 8, in about half a minute. */
  readonly retries?: number
}

export interface Call {
  readonly method?: 'GET' | 'POST' | 'DELETE'
  /** Sent as JSON, unless it is bytes. */
  readonly body?: object | Uint8Array<ArrayBuffer>
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

export class Http {
  readonly retries: number
  readonly #options: ClientOptions
  readonly #base: string

  constructor(options: ClientOptions) {
    this.#options = options
    this.#base = options.baseUrl.replace(/\/+$/, '').replace(/\/v1$/, '')
    this.retries = options.retries ?? 8
  }

  /** Throws RequestError, ConnectionError, or the reason of the signal. */
  async call(path: string, { method = 'GET', body, headers = {}, signal }: Call = {}): Promise<Response> {
    const { apiKey, fetch: own = globalThis.fetch } = this.#options
    const bytes = body instanceof Uint8Array
    const type = body && { 'content-type': bytes ? 'application/octet-stream' : 'application/json' }
    const init = {
      method,
      headers: { ...type, ...(apiKey && { authorization: `Bearer ${apiKey}` }), ...headers },
      ...(body && { body: bytes ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    }
    const response = await own(this.#base + path, init).catch((cause: unknown) => {
      if (signal?.aborted) throw cause
      throw new ConnectionError(`${this.#base}: the server cannot be reached.`, cause)
    })
    if (!response.ok) throw await errorOf(response)
    return response
  }

  async json<T>(path: string, call: Call = {}): Promise<T> {
    return (await (await this.call(path, call)).json()) as T
  }
}
