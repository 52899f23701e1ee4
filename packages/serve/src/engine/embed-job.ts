/** One text that becomes a vector. It needs no row of the batch: it has a state of its own while it is being read. */
import { Embedding, type Model, type Pooling } from '@retnet/core'
import { NotFiniteError } from '../errors.js'
import type { JobEvent } from './job.js'
import { Outlet } from './outlet.js'

/** The vector of a text. The last event. */
export interface EmbeddedEvent {
  readonly kind: 'embedded'
  /** [D] float32, little-endian, not normalised, in base64: it goes through logs. */
  readonly vector: string
}

export class EmbedJob {
  readonly events: Outlet<JobEvent>
  isDone = false
  readonly #embedding: Embedding
  readonly #onChange: () => void
  #begun = false

  /** Throws ArgumentError. */
  constructor(model: Model, tokens: ArrayLike<number>, pooling: Pooling, onChange: () => void) {
    this.#embedding = new Embedding(model, tokens, pooling)
    this.#onChange = onChange
    this.events = new Outlet<JobEvent>(4, onChange)
  }

  /** Takes the next chunk in. */
  async step(): Promise<void> {
    if (!this.#begun) this.events.push({ kind: 'begin', cached: 0 })
    this.#begun = true
    await this.#embedding.step()
    if (this.isDone || !this.#embedding.isDone) return
    const { vector } = this.#embedding
    if (!vector.every(Number.isFinite)) throw new NotFiniteError()
    this.events.push({ kind: 'embedded', vector: Buffer.from(vector.buffer).toString('base64') })
    this.end()
  }

  cancel(): void {
    if (this.isDone) return
    this.end()
    this.#onChange()
  }

  end(error?: unknown): void {
    this.isDone = true
    this.events.end(error)
  }

  /** Once no step is running. */
  dispose(): void {
    this.#embedding.dispose()
  }
}
