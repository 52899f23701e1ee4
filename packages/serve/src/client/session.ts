/** A session on the server: a text that goes on where it ended. */
import type { Http } from './http.js'
import { TextStream } from './text-stream.js'
import type { CallOptions, Completion, Message, Prompt, SessionInfo, SnapshotInfo, TextOptions } from './types.js'

/** The handle knows the revision that it has seen, and every turn asks for that one: if another has gone on, it throws ConflictError. */
export class Session {
  readonly #http: Http
  #info: SessionInfo

  /** Use `client.sessions`. */
  constructor(http: Http, info: SessionInfo) {
    this.#http = http
    this.#info = info
  }

  get id(): string {
    return this.#info.id
  }

  /** As of the last answer. */
  get info(): SessionInfo {
    return this.#info
  }

  /** Learns where the session is now. */
  async refresh(options: CallOptions = {}): Promise<SessionInfo> {
    return this.#keep(await this.#http.json<SessionInfo>(this.#path(), options))
  }

  /** Takes a text in, and writes none. */
  async append(prompt: Prompt, { signal }: CallOptions = {}): Promise<SessionInfo> {
    const body = { prompt, if_match: this.#info.rev }
    return this.#keep(await this.#http.json<SessionInfo>(this.#path('/append'), { method: 'POST', body, signal }))
  }

  /** The next text, after `prompt` if there is one. */
  async complete(request: TextOptions & { prompt?: Prompt } = {}, options: CallOptions = {}): Promise<Completion> {
    return (await this.stream(request, options)).result()
  }

  /** The same as it is written. */
  stream(request: TextOptions & { prompt?: Prompt } = {}, options: CallOptions = {}): Promise<TextStream> {
    return this.#begin('/v1/completions', request, options)
  }

  /** The answer to these messages; those before them are known. For a model with a chat template. */
  async chat(messages: readonly Message[], request: TextOptions = {}, options: CallOptions = {}): Promise<Completion> {
    return (await this.chatStream(messages, request, options)).result()
  }

  chatStream(messages: readonly Message[], request: TextOptions = {}, options: CallOptions = {}): Promise<TextStream> {
    return this.#begin('/v1/chat/completions', { ...request, messages }, options)
  }

  /** Another session at the same place; it costs the server nothing. `ttl` in seconds. */
  async fork(body: { ttl?: number } = {}, { signal }: CallOptions = {}): Promise<Session> {
    const info = await this.#http.json<SessionInfo>(this.#path('/fork'), { method: 'POST', body, signal })
    return new Session(this.#http, info)
  }

  /** Back to a snapshot, by id or name, or to the revision before. */
  async rewind(to: string | number, { signal }: CallOptions = {}): Promise<SessionInfo> {
    const body = { to, if_match: this.#info.rev }
    return this.#keep(await this.#http.json<SessionInfo>(this.#path('/rewind'), { method: 'POST', body, signal }))
  }

  /** Keeps this place. One that is not pinned goes with the session; one with a name is pinned unless told otherwise. */
  snapshot(body: { name?: string; pin?: boolean } = {}, { signal }: CallOptions = {}): Promise<SnapshotInfo> {
    return this.#http.json(this.#path('/snapshots'), { method: 'POST', body, signal })
  }

  async delete({ signal }: CallOptions = {}): Promise<void> {
    await this.#http.call(this.#path(), { method: 'DELETE', signal })
  }

  async #begin(path: string, request: TextOptions, { signal }: CallOptions): Promise<TextStream> {
    const session = { session: this.id, if_match: this.#info.rev }
    return beginStream(this.#http, path, { ...session, ...request }, signal, (end) => {
      const { session: place } = end
      if (place?.id !== this.id || place.rev === null || place.length === null) return
      this.#info = { ...this.#info, rev: place.rev, length: place.length }
    })
  }

  #keep(info: SessionInfo): SessionInfo {
    this.#info = info
    return info
  }

  #path(rest = ''): string {
    return `/v1/sessions/${this.#info.id}${rest}`
  }
}

export async function beginStream(
  http: Http,
  path: string,
  request: TextOptions,
  signal: AbortSignal | undefined,
  onEnd?: (completion: Completion) => void,
): Promise<TextStream> {
  if (request.n !== undefined && request.n !== 1) throw new TypeError('n: a TextStream is one text; ask once for each.')
  const body = { ...request, stream: true, stream_options: { include_usage: true, resumable: true } }
  return new TextStream(http, await http.call(path, { method: 'POST', body, signal }), signal, onEnd)
}
