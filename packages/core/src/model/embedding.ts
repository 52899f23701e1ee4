/**
 * One text on its way into a vector: the hidden states after the last norm, before the vocabulary, pooled over the tokens. It goes on chunk
 * by chunk, so that other work can be done in between, and holds one state and one sum, whatever the length of the text.
 */
import type { State } from '../contract/state.js'
import { ArgumentError } from '../errors/argument-error.js'
import type { Model } from './model.js'
import { runLength } from './run-length.js'

/** The mean over all tokens, or the last one's. */
export type Pooling = 'mean' | 'last'

export interface EmbedOptions {
  /** Default: mean. */
  readonly pooling?: Pooling
  readonly signal?: AbortSignal
}

export class Embedding {
  readonly #model: Model
  readonly #tokens: ArrayLike<number>
  readonly #pooling: Pooling
  readonly #sum: Float64Array // [D]
  #state: State | null = null
  #at = 0

  /** Throws ArgumentError for an empty text, an id that the vocabulary does not have, or another pooling. */
  constructor(model: Model, tokens: ArrayLike<number>, pooling: Pooling = 'mean') {
    if (tokens.length === 0) {
      throw new ArgumentError({ argument: 'tokens', expected: 'at least one id', actual: 'none' })
    }
    if (pooling !== 'mean' && pooling !== 'last') {
      throw new ArgumentError({ argument: 'pooling', expected: 'mean or last', actual: String(pooling) })
    }
    model.checkTokens(tokens)
    this.#model = model
    this.#tokens = tokens
    this.#pooling = pooling
    this.#sum = new Float64Array(model.spec.width)
  }

  get isDone(): boolean {
    return this.#at === this.#tokens.length
  }

  /** Takes the next chunk in; a short one at the end is padded. When it throws, it may be called again. */
  async step(signal?: AbortSignal): Promise<void> {
    if (this.isDone) return
    const { backend } = this.#model
    const left = this.#tokens.length - this.#at
    const length = runLength(left, backend.limits.preferredTokens)
    const count = Math.min(length, left)
    const program = await this.#model.program('embed', { rows: 1, length })
    this.#state ??= await this.#model.createState()
    const { pooled } = await program.run(this.#inputs(length, count), this.#state, { signal })
    for (const [at, value] of (pooled as Float32Array).entries()) this.#sum[at] += value
    this.#at += count
    if (this.isDone) this.dispose()
  }

  /** [D], in float32; not normalised. Of what is in until now. */
  get vector(): Float32Array {
    const count = this.#pooling === 'mean' ? this.#at : 1
    return Float32Array.from(this.#sum, (value) => value / count)
  }

  dispose(): void {
    this.#state?.dispose()
    this.#state = null
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #inputs(length: number, count: number) {
    const last = this.#tokens.length - 1 - this.#at
    return {
      tokens: Int32Array.from({ length }, (_, at) => (at < count ? this.#tokens[this.#at + at] : 0)),
      mask: Int32Array.from({ length }, (_, at) => (at < count ? 1 : 0)),
      weights: Float32Array.from({ length }, (_, at) => (this.#pooling === 'mean' ? +(at < count) : +(at === last))),
    }
  }
}
