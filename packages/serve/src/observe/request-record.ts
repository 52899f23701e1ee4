/** What is known of one request while it runs: filled in by whoever learns it, read by logs, metrics and traces when it ends. */

/** Told of tokens as they go out; it must cost next to nothing. */
export interface TokenMeter {
  token(): void
  /** Seconds from the arrival of the request. */
  firstToken(seconds: number): void
  /** Seconds since the token before it in the same text. */
  nextToken(seconds: number): void
}

export interface Generation {
  readonly operation: 'text_completion' | 'chat' | 'embeddings' | 'append'
  readonly model: string
  readonly texts: number
  /** It goes on with a session. */
  readonly session?: boolean
  readonly promptTokens: number
  readonly maxTokens: number
}

export const outcomes = ['stop', 'length', 'abort', 'error'] as const
export type Outcome = (typeof outcomes)[number]

export class RequestRecord {
  readonly id: string
  readonly method: string
  /** Of `performance.now`, in milliseconds. */
  readonly startedAt = performance.now()
  readonly startedOn = Date.now()
  /** As the router knows it, never as the request spells it. */
  route = 'none'
  tenant: string | null = null
  key: string | null = null
  status = 0
  /** False if the client went before all of the response was out. */
  isComplete = true
  /** `code` of the error in the response or in its stream. */
  errorCode: string | null = null
  generation: Generation | null = null
  isStream = false
  completionTokens = 0
  cachedTokens = 0
  /** Milliseconds until the first of its texts had a row; null if none has had one. */
  queueMs: number | null = null
  firstTokenMs: number | null = null
  totalMs = 0
  /** Of the texts that have ended. */
  readonly outcomes: Outcome[] = []
  readonly #meter: TokenMeter | null
  readonly #lastAt: number[] = []
  readonly #onEnd: (() => void)[] = []
  #hasEnded = false

  constructor(id: string, method: string, meter: TokenMeter | null = null) {
    this.id = id
    this.method = method
    this.#meter = meter
  }

  /** A token of a text goes out. Gives the time. */
  token(text: number): number {
    const now = performance.now()
    const before = this.#lastAt[text]
    this.#lastAt[text] = now
    this.completionTokens++
    this.#meter?.token()
    if (before !== undefined) this.#meter?.nextToken((now - before) / 1000)
    if (this.firstTokenMs !== null) return now
    this.firstTokenMs = now - this.startedAt
    this.#meter?.firstToken(this.firstTokenMs / 1000)
    return now
  }

  /** A text has a row; of its tokens `cached` need not be computed. */
  begun(cached: number): void {
    this.queueMs ??= performance.now() - this.startedAt
    this.cachedTokens = Math.max(this.cachedTokens, cached)
  }

  get tokens(): number {
    return (this.generation?.promptTokens ?? 0) + this.completionTokens
  }

  /** Texts that have not ended have, in this way. */
  endTexts(outcome: Outcome): void {
    while (this.outcomes.length < (this.generation?.texts ?? 0)) this.outcomes.push(outcome)
  }

  /** Texts that have not ended are taken for aborted. */
  end(status: number, isComplete: boolean): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.status = status
    this.isComplete = isComplete
    this.totalMs = performance.now() - this.startedAt
    this.endTexts('abort')
    for (const callback of this.#onEnd) callback()
  }

  /** Calls back once, when the response is out or its client has gone. */
  onEnd(callback: () => void): void {
    this.#onEnd.push(callback)
  }
}
