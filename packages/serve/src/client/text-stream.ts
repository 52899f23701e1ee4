/** A text as it is written. A connection that is cut is made again, and what was lost is read again: no piece is missing or twice. */
import { ConnectionError, RequestError } from './errors.js'
import { type ServerEvent, eventsOf } from './events.js'
import type { Http } from './http.js'
import type { Completion, SessionPlace, TextChunk, Usage } from './types.js'

interface Data {
  readonly choices?: readonly {
    readonly text?: string
    readonly delta?: { readonly content?: string }
    readonly finish_reason?: string | null
  }[]
  readonly usage?: Usage | null
  readonly session?: SessionPlace
  readonly error?: Readonly<Record<string, unknown>>
}

const firstPauseMs = 100
const longestPauseMs = 5000

export class TextStream implements AsyncIterable<TextChunk> {
  readonly #http: Http
  readonly #response: Response
  readonly #signal: AbortSignal | undefined
  readonly #onEnd: (completion: Completion) => void
  #last: string | null = null
  #text = ''
  #finishReason: string | null = null
  #usage: Usage | null = null
  #session: SessionPlace | null = null
  #isRead = false

  /** `response` is the beginning of the stream, which may be resumed. */
  constructor(
    http: Http,
    response: Response,
    signal?: AbortSignal,
    onEnd: (completion: Completion) => void = () => {},
  ) {
    this.#http = http
    this.#response = response
    this.#signal = signal
    this.#onEnd = onEnd
  }

  /** Under which any client of the same tenant can read it. */
  get id(): string {
    return this.#response.headers.get('x-retnet-stream') ?? ''
  }

  /** Reads it to its end. */
  async result(): Promise<Completion> {
    if (!this.#isRead) for await (const _ of this) void _
    if (this.#usage === null) throw new ConnectionError('The stream was not read to its end.', null)
    return {
      text: this.#text,
      finishReason: this.#finishReason ?? 'cancelled',
      usage: this.#usage,
      session: this.#session,
    }
  }

  /** Nobody wants the rest. */
  async cancel(): Promise<void> {
    await this.#http.call(`/v1/streams/${this.id}`, { method: 'DELETE' }).catch(() => {})
  }

  /** Once. A `break` cancels the text, and so does the signal, whose reason is thrown. */
  async *[Symbol.asyncIterator](): AsyncGenerator<TextChunk, void, undefined> {
    if (this.#isRead) throw new Error('A TextStream can be read once.')
    this.#isRead = true
    let isOver = false
    try {
      for await (const { data } of this.#events()) {
        if (data === '[DONE]') continue
        const chunk = this.#take(JSON.parse(data) as Data)
        if (chunk) yield chunk
      }
      isOver = true
      this.#onEnd(await this.result())
    } finally {
      if (!isOver) await this.cancel()
    }
  }

  #take({ choices = [], usage, session, error }: Data): TextChunk | null {
    if (error) throw new RequestError(0, error)
    if (usage) this.#usage = usage
    if (session) this.#session = session
    const [choice] = choices
    if (choice === undefined) return null
    const text = choice.text ?? choice.delta?.content ?? ''
    const finishReason = choice.finish_reason ?? null
    this.#text += text
    this.#finishReason = finishReason ?? this.#finishReason
    return text === '' && finishReason === null ? null : { text, finishReason }
  }

  /** All events to the last one, over as many connections as it takes. */
  async *#events(): AsyncGenerator<ServerEvent, void, undefined> {
    let response: Response | null = this.#response
    for (let failures = 0; ;) {
      try {
        response ??= await this.#again()
        for await (const event of eventsOf(response.body!)) {
          failures = 0
          this.#last = event.id ?? this.#last
          yield event
          if (event.data === '[DONE]') return
        }
        throw new ConnectionError('The connection was closed before the end of the stream.', null)
      } catch (error) {
        this.#signal?.throwIfAborted()
        if (error instanceof RequestError && error.status !== 503) throw error
        if (failures++ >= this.#http.retries || this.id === '') throw cut(error)
        await pause(Math.min(longestPauseMs, firstPauseMs * 2 ** (failures - 1)), this.#signal)
        response = null
      }
    }
  }

  #again(): Promise<Response> {
    const headers: Record<string, string> = this.#last === null ? {} : { 'last-event-id': this.#last }
    return this.#http.call(`/v1/streams/${this.id}`, { headers, signal: this.#signal })
  }
}

function cut(cause: unknown): Error {
  if (cause instanceof RequestError || cause instanceof ConnectionError) return cause
  return new ConnectionError('The connection was cut and could not be made again.', cause)
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal!.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal?.addEventListener('abort', stop, { once: true })
  })
}
