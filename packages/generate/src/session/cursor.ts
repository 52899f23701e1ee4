/**
 * A place in a text: a state that has taken in `position` tokens, and the tokens after them that it has not taken in yet. Predictions need
 * a last token, so the last one always waits here. Whatever fails or is aborted, no token is lost and none is taken in twice.
 */
import type { SamplingSettings, State } from '@retnet/core'
import { GenerateArgumentError, SessionBusyError, SessionDisposedError } from '../errors.js'
import type { LanguageModel } from '../language-model.js'
import { History } from './history.js'

export interface TakeInOptions {
  readonly signal?: AbortSignal
  /** Called with the number of tokens taken in since the call began, and how many there are. */
  readonly onProgress?: (tokens: number, total: number) => void
}

/** Tokens that the model has drawn and taken in, but that nobody has been given yet. */
interface Ahead {
  /** The state before them. */
  readonly before: State
  readonly position: number
  /** The token that was pending then, and the drawn ones. */
  readonly ids: readonly number[]
  /** False if the model could not draw as many as it was asked for: the state is of no use then. */
  readonly whole: boolean
  given: number
}

export class Cursor {
  readonly model: LanguageModel
  #state: State
  #ahead: Ahead | null = null
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
    this.#goBack()
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

  /** Tokens that `give` can give at once. */
  get drawn(): number {
    return this.#ahead ? this.#ahead.ids.length - 1 - this.#ahead.given : 0
  }

  /**
   * Takes all tokens in and lets the model draw up to `count` ones after them, for `give`; fewer, or none, if its logits are broken.
   * Costs one copy of the state, to which everything but `give` goes back.
   */
  async draw(
    settings: Omit<SamplingSettings, 'history'>,
    count: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    await this.exclusive('generate', async () => {
      await this.#takeIn({ signal })
      const before = this.#state.fork()
      try {
        const [last] = this.#pending
        const ids = await this.model.decodeMany!(
          this.#state,
          last,
          { ...settings, history: this.#history },
          count,
          signal,
        )
        const end = ids.indexOf(-1)
        const drawn = end < 0 ? ids : ids.subarray(0, end)
        this.#ahead = { before, position: this.#position, ids: [last, ...drawn], whole: end < 0, given: 0 }
      } catch (error) {
        before.dispose()
        throw error
      }
      if (this.drawn === 0) this.#goBack()
    })
  }

  /** Adds the next token of those that were drawn to the output. */
  give(): number {
    this.requireIdle('generate')
    const ahead = this.#ahead!
    const id = ahead.ids[++ahead.given]
    this.#position++
    this.#pending = [id]
    this.#history.addOutput(id)
    if (this.drawn === 0 && ahead.whole) {
      ahead.before.dispose()
      this.#ahead = null
    }
    return id
  }

  /** Gives up drawn tokens that nobody was given: the state becomes what it is without them. */
  async settle(): Promise<void> {
    if (this.#ahead && !this.#disposed) await this.takeIn('generate')
  }

  async save(extra: () => Parameters<LanguageModel['saveState']>[1]): Promise<Uint8Array> {
    return this.exclusive('snapshot', async () => {
      if (this.#ahead) await this.#takeIn({})
      return this.model.saveState(this.#state, extra())
    })
  }

  /** An independent copy: one copy of the state. */
  fork(operation: string): Cursor {
    this.requireIdle(operation)
    if (this.#ahead) {
      const { before, position, ids, given } = this.#ahead
      return new Cursor(this.model, before.fork(), position, ids.slice(0, given + 1), this.#history.copy())
    }
    return new Cursor(this.model, this.#state.fork(), this.#position, [...this.#pending], this.#history.copy())
  }

  /** Back to an empty text. */
  reset(): void {
    this.requireIdle('reset')
    this.#goBack()
    this.#state.reset()
    this.#position = 0
    this.#pending = []
    this.#history = new History()
  }

  /** The state is freed at once, or at the end of the operation that is using it; the next one throws. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    if (this.#running === null) this.#free()
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
      if (this.#disposed) this.#free()
    }
  }

  #free(): void {
    this.#ahead?.before.dispose()
    this.#ahead = null
    this.#state.dispose()
  }

  /** To the state before the drawn tokens; those that were given wait to be taken in again. */
  #goBack(): void {
    if (!this.#ahead) return
    const { before, position, ids, given } = this.#ahead
    this.#state.dispose()
    this.#state = before
    this.#position = position
    this.#pending = ids.slice(0, given + 1)
    this.#ahead = null
  }

  async #takeIn({ signal, onProgress }: TakeInOptions): Promise<void> {
    this.#goBack()
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
