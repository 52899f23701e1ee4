/** A turn as its reader sees it. */
import type { TokenLog } from '../stores/contract.js'
import type { LogEntry } from './turn.js'

export class RunningTurn {
  readonly scope: string
  readonly id: string
  /** Resolves when a reader has come to the end, or nobody reads any more. */
  readonly ended: Promise<void>
  readonly #log: TokenLog
  readonly #outlives: boolean
  readonly #aborting = new AbortController()
  #end!: () => void
  #isRead = false

  /** `outlives`: it goes on, here or elsewhere, when this process ends. */
  constructor(log: TokenLog, scope: string, id: string, outlives = false) {
    this.#log = log
    this.scope = scope
    this.id = id
    this.#outlives = outlives
    this.ended = new Promise((resolve) => (this.#end = resolve))
  }

  /**
   * The entries from the first one on, in the groups in which they were written. Who asks for the next group has taken this one, and the
   * writer does not run far ahead of that. Throws LogGoneError, StoreError, or the error of `abort`.
   */
  async *entries(): AsyncGenerator<readonly LogEntry[], void, undefined> {
    const { signal } = this.#aborting
    let index = 0
    try {
      for await (const group of this.#log.follow(this.scope, this.id, 0, signal)) {
        yield group as unknown as readonly LogEntry[]
        index += group.length
        await this.#log.reached(this.scope, this.id, index)
      }
      signal.throwIfAborted()
      this.#isRead = true
    } finally {
      this.#end()
    }
  }

  /**
   * Waits for the end of a turn that goes on without its reader, and gives the number of tokens that were drawn; null if its reader has
   * come to the end. Throws as `entries`.
   */
  async tokensOfRest(): Promise<number | null> {
    if (this.#isRead) return null
    let tokens = 0
    for await (const group of this.#log.follow(this.scope, this.id, 0)) {
      tokens += (group as unknown as readonly LogEntry[]).filter(({ kind }) => kind === 'token').length
    }
    return tokens
  }

  /** Nobody wants the rest. If the worker cannot be told, it finds out by itself: nobody reads. */
  async cancel(): Promise<void> {
    this.#end()
    await this.#log.cancel(this.scope, this.id).catch(() => {})
  }

  /** Its reader gets this error, and nobody wants the rest, unless the turn outlives this process. */
  abort(error: Error): void {
    this.#aborting.abort(error)
    if (this.#outlives) this.#end()
    else void this.cancel()
  }
}
