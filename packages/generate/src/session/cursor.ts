/**
 * A place in a text: a state that has taken in `position` tokens, and the tokens after them that it has not taken in yet. Predictions need
 * a last token, so the last one always waits here. Whatever fails or is aborted, no token is lost and none is taken in twice.
 */
import type { State } from '@retnet/core'
import { GenerateArgumentError, SessionBusyError, SessionDisposedError } from '../errors.js'
import type { LanguageModel } from '../language-model.js'
import { History } from './history.js'

export interface TakeInOptions {
  readonly signal?: AbortSignal
  /** Called with the number of tokens taken in since the call began, and how many there are. */
  readonly onProgress?: (tokens: number, total: number) => void
}

export class Cursor {
  readonly model: LanguageModel
  readonly #state: State
  #position: number
  #pending: number[]
  #history: History
  #running: string | null = null
  #disposed = false

  constructor(model: LanguageModel, state: State, position = 0, pending: number[] = [], history = new History()) {
    this.model = model
    this.#state = state
    this.#position = position
    this.#pending = pending
    this.#history = history
  }

  /** Tokens that the state has taken in. */
  get position(): number {
    return this.#position
  }

  get pending(): readonly number[] {
    return this.#pending
  }

  get history(): History {
    return this.#history
  }

  /** All tokens of the text so far. */
  get length(): number {
    return this.#position + this.#pending.length
  }

  /** Adds tokens without taking them in. Throws, and changes nothing, if the vocabulary does not have one of them. */
  push(ids: ArrayLike<number>): void {
    this.requireIdle('append')
    this.model.checkTokens(ids)
    for (let at = 0; at < ids.length; at++) this.#pending.push(ids[at])
    this.#history.addPrompt(ids)
  }

  /** Makes sure that there is a token to predict from: `bosToken` if the text is empty. */
  requireToken(bosToken: number | undefined): void {
    if (this.length === 0 && bosToken !== undefined) this.push([bosToken])
    if (this.#pending.length > 0) return
    throw new GenerateArgumentError({
      argument: 'prompt',
      expected: 'at least one token to predict from',
      actual: 0,
      fix:
        this.length === 0
          ? 'Append text, or set bosToken to the id that begins a text.'
          : 'The last prediction failed: append text, reset or rewind.',
    })
  }

  /** Takes in all tokens but the last. */
  async takeIn(operation: string, options: TakeInOptions = {}): Promise<void> {
    await this.exclusive(operation, () => this.#takeIn(options))
  }

  /** Takes in all tokens; then `choose` gets the logits [V] of the next one and its id is added to the output. */
  async extend(choose: (logits: Float32Array) => number, signal: AbortSignal | undefined): Promise<number> {
    return this.exclusive('generate', async () => {
      await this.#takeIn({ signal })
      const logits = await this.model.next(this.#state, this.#pending[0], signal)
      this.#pending = []
      this.#position++
      const id = choose(logits)
      this.#pending.push(id)
      this.#history.addOutput(id)
      return id
    })
  }

  async save(extra: Parameters<LanguageModel['saveState']>[1]): Promise<Uint8Array> {
    return this.exclusive('snapshot', () => this.model.saveState(this.#state, extra))
  }

  /** An independent copy: one copy of the state. */
  fork(operation: string): Cursor {
    this.requireIdle(operation)
    return new Cursor(this.model, this.#state.fork(), this.#position, [...this.#pending], this.#history.copy())
  }

  /** Back to an empty text. */
  reset(): void {
    this.requireIdle('reset')
    this.#state.reset()
    this.#position = 0
    this.#pending = []
    this.#history = new History()
  }

  /** The state is freed at once, or at the end of the operation that is using it; the next one throws. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    if (this.#running === null) this.#state.dispose()
  }

  /** Throws after `dispose`. */
  requireUsable(): void {
    if (this.#disposed) throw new SessionDisposedError()
  }

  /** Throws if an operation is running, or after `dispose`. */
  requireIdle(operation: string): void {
    this.requireUsable()
    if (this.#running !== null) throw new SessionBusyError(operation, this.#running)
  }

  /** Runs `work` as the only operation on the state. */
  async exclusive<T>(operation: string, work: () => Promise<T>): Promise<T> {
    this.requireIdle(operation)
    this.#running = operation
    try {
      return await work()
    } finally {
      this.#running = null
      if (this.#disposed) this.#state.dispose()
    }
  }

  async #takeIn({ signal, onProgress }: TakeInOptions): Promise<void> {
    const ids = Int32Array.from(this.#pending.slice(0, -1))
    if (ids.length === 0) return
    let taken = 0
    const progress = (tokens: number): void => {
      taken = tokens
      onProgress?.(tokens, ids.length)
    }
    try {
      await this.model.consume(this.#state, ids, { signal, onProgress: progress })
      taken = ids.length
    } finally {
      this.#pending.splice(0, taken)
      this.#position += taken
    }
  }
}
