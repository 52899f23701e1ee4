/** Follows the texts of a request as they go out: counts their tokens, and ends them when something takes too long. */
import type { RequestRecord } from '../observe/request-record.js'
import type { RunningTurn } from '../turns/running-turn.js'
import type { LogEntry } from '../turns/turn.js'
import { ApiError } from './api-error.js'
import type { Timeouts } from './timeouts.js'

export class Watch implements Disposable {
  readonly #record: RequestRecord
  readonly #running: RunningTurn
  readonly #timeouts: Timeouts
  #timer: ReturnType<typeof setTimeout> | undefined
  #lastAt = 0

  constructor(record: RequestRecord, running: RunningTurn, timeouts: Timeouts) {
    this.#record = record
    this.#running = running
    this.#timeouts = timeouts
    this.#look()
  }

  /** To be called with everything that the reader gets. */
  see(entry: LogEntry): void {
    const record = this.#record
    if (entry.kind === 'begin') record.begun(entry.cached)
    else if (entry.kind === 'token') {
      this.#lastAt = record.token(entry.of)
      if (entry.finishReason) record.outcomes.push(entry.finishReason)
    } else if (entry.kind === 'embedded') record.outcomes.push('stop')
    else if (entry.kind === 'error') {
      record.outcomes.push('error')
      record.errorCode ??= entry.error.code
    } else if (entry.kind === 'end') {
      record.errorCode ??= entry.error?.code ?? null
      // those that have ended without a last token
      if (!entry.cancelled) record.endTexts(entry.error ? 'error' : 'length')
    }
  }

  /** The reader gets an error, and nothing more. */
  failed({ code }: ApiError): void {
    this.#record.errorCode ??= code
    this.#record.endTexts('error')
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }

  /** Looks at the clock when the nearest limit could be reached: tokens set no timers. */
  #look(): void {
    const now = performance.now()
    const limits = this.#limits()
    const passed = limits.find(({ at }) => now >= at)
    if (passed) return this.#giveUp(passed.error())
    // a first token may bring a limit that is nearer
    const next = Math.min(now + this.#timeouts.idleMs, ...limits.map(({ at }) => at))
    this.#timer = setTimeout(() => this.#look(), next - now + 1)
  }

  #giveUp(error: ApiError): void {
    this.failed(error)
    this.#running.abort(error)
  }

  #limits(): { at: number; error: () => ApiError }[] {
    const { queueMs, firstTokenMs, idleMs, totalMs } = this.#timeouts
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
