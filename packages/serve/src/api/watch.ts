/** Follows the texts of a request as they are written: counts their tokens, and says when something takes too long. */
import type { Outcome, RequestRecord } from '../observe/request-record.js'
import { ApiError } from './api-error.js'
import type { Timeouts } from './timeouts.js'

export interface WatchOptions {
  readonly timeouts: Timeouts
  /** When the first of the texts had a row, of `performance.now`; null if none has had one. */
  readonly begunAt: () => number | null
  /** Ends the texts; the error goes to the client. */
  readonly onLate: (error: ApiError) => void
}

export class Watch implements Disposable {
  readonly #record: RequestRecord
  readonly #options: WatchOptions
  #timer: ReturnType<typeof setTimeout> | undefined
  #lastAt = 0

  constructor(record: RequestRecord, options: WatchOptions) {
    this.#record = record
    this.#options = options
    this.#look()
  }

  /** A token of a text goes out. */
  token(text: number): void {
    this.#lastAt = this.#record.token(text)
    this.#noteBegin()
  }

  /** A text has ended, with an error if there is one. */
  ended(outcome: Outcome, errorCode: string | null = null): void {
    this.#record.outcomes.push(outcome)
    this.#record.errorCode ??= errorCode
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }

  /** Looks at the clock when the nearest limit could be reached: tokens set no timers. */
  #look(): void {
    const now = performance.now()
    this.#noteBegin()
    const limits = this.#limits()
    const passed = limits.find(({ at }) => now >= at)
    if (passed) return this.#options.onLate(passed.error())
    const next = Math.min(...limits.map(({ at }) => at))
    this.#timer = setTimeout(() => this.#look(), next - now + 1)
  }

  #noteBegin(): void {
    if (this.#record.queueMs !== null) return
    const at = this.#options.begunAt()
    if (at !== null) this.#record.queueMs = Math.max(0, at - this.#record.startedAt)
  }

  #limits(): { at: number; error: () => ApiError }[] {
    const { queueMs, firstTokenMs, idleMs, totalMs } = this.#options.timeouts
    const { startedAt } = this.#record
    const limits = [{ at: startedAt + totalMs, error: () => late('total', totalMs) }]
    if (this.#lastAt > 0) limits.push({ at: this.#lastAt + idleMs, error: () => late('idle', idleMs) })
    else limits.push({ at: startedAt + firstTokenMs, error: () => late('first_token', firstTokenMs) })
    if (this.#record.queueMs === null) limits.push({ at: startedAt + queueMs, error: () => lateQueue(queueMs) })
    return limits
  }
}

const words = {
  total: 'The request took longer than',
  idle: 'No token came for',
  first_token: 'The first token did not come within',
}

function late(kind: keyof typeof words, ms: number): ApiError {
  return new ApiError(504, `${kind}_timeout`, `${words[kind]} ${ms / 1000} s.`)
}

function lateQueue(ms: number): ApiError {
  const message = `No place was free within ${ms / 1000} s. Try again later.`
  return new ApiError(503, 'queue_timeout', message, null, { 'retry-after': '5' })
}
