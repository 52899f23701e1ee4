/** A client of `retnet serve`, for browsers and Node. What the API of OpenAI has too, the `openai` package does as well. */
import { type ClientOptions, Http } from './http.js'
import { Session, beginStream } from './session.js'
import type { TextStream } from './text-stream.js'
import type { CallOptions, Completion, Message, Page, Prompt, SessionInfo, SnapshotInfo, TextOptions } from './types.js'

export interface ListOptions extends CallOptions {
  /** 1 to 100; default 20. */
  readonly limit?: number
  /** The id that the page before ended with. */
  readonly after?: string
}

export class Client {
  readonly sessions: SessionsClient
  readonly snapshots: SnapshotsClient
  readonly #http: Http

  constructor(options: ClientOptions) {
    this.#http = new Http(options)
    this.sessions = new SessionsClient(this.#http)
    this.snapshots = new SnapshotsClient(this.#http)
  }

  /** A text without a session. */
  async complete(request: TextOptions & { prompt: Prompt }, options: CallOptions = {}): Promise<Completion> {
    return (await this.stream(request, options)).result()
  }

  stream(request: TextOptions & { prompt: Prompt }, { signal }: CallOptions = {}): Promise<TextStream> {
    return beginStream(this.#http, '/v1/completions', request, signal)
  }

  async chat(messages: readonly Message[], request: TextOptions = {}, options: CallOptions = {}): Promise<Completion> {
    return (await this.chatStream(messages, request, options)).result()
  }

  chatStream(
    messages: readonly Message[],
    request: TextOptions = {},
    { signal }: CallOptions = {},
  ): Promise<TextStream> {
    return beginStream(this.#http, '/v1/chat/completions', { ...request, messages }, signal)
  }
}

export class SessionsClient {
  readonly #http: Http

  constructor(http: Http) {
    this.#http = http
  }

  /** Empty, or where a session or a snapshot is; then `prompt` goes in. `ttl`: seconds without a turn after which it is gone. */
  async create(
    body: { from?: string; ttl?: number; prompt?: Prompt; model?: string } = {},
    { signal }: CallOptions = {},
  ): Promise<Session> {
    return new Session(this.#http, await this.#http.json('/v1/sessions', { method: 'POST', body, signal }))
  }

  async get(id: string, options: CallOptions = {}): Promise<Session> {
    return new Session(this.#http, await this.#http.json(`/v1/sessions/${encodeURIComponent(id)}`, options))
  }

  list({ signal, ...query }: ListOptions = {}): Promise<Page<SessionInfo>> {
    return this.#http.json(`/v1/sessions${queryOf(query)}`, { signal })
  }
}

export class SnapshotsClient {
  readonly #http: Http

  constructor(http: Http) {
    this.#http = http
  }

  /** By id or name. */
  get(id: string, options: CallOptions = {}): Promise<SnapshotInfo> {
    return this.#http.json(pathOf(id), options)
  }

  list({ signal, ...query }: ListOptions = {}): Promise<Page<SnapshotInfo>> {
    return this.#http.json(`/v1/snapshots${queryOf(query)}`, { signal })
  }

  /** The file that `restoreSession` of @retnet/generate reads, and its signature if the server signs. */
  async export(
    id: string,
    { signal }: CallOptions = {},
  ): Promise<{ bytes: Uint8Array<ArrayBuffer>; signature: string | null }> {
    const response = await this.#http.call(pathOf(id), { headers: { accept: 'application/octet-stream' }, signal })
    return {
      bytes: new Uint8Array(await response.arrayBuffer()),
      signature: response.headers.get('x-retnet-signature'),
    }
  }

  /** The file of a session, of this or another server or of `session.snapshot()` of @retnet/generate. */
  import(
    body: Uint8Array<ArrayBuffer>,
    { name, signature, signal }: CallOptions & { name?: string; signature?: string | null } = {},
  ): Promise<SnapshotInfo> {
    const headers: Record<string, string> = signature ? { 'x-retnet-signature': signature } : {}
    return this.#http.json(`/v1/snapshots${queryOf({ name })}`, { method: 'POST', body, headers, signal })
  }

  async delete(id: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#http.call(pathOf(id), { method: 'DELETE', signal })
  }
}

function pathOf(id: string): string {
  return `/v1/snapshots/${encodeURIComponent(id)}`
}

function queryOf(values: Readonly<Record<string, string | number | undefined>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== undefined)
  const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()
  return query === '' ? '' : `?${query}`
}
