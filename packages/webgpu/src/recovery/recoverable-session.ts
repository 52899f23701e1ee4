import { DisposedError } from '@retnet/core'
import { DeviceLostError } from '../errors.js'

/** What is kept alive: `Session` of @retnet/generate is one. */
export interface SavedSession {
  snapshot(): Promise<Uint8Array>
  dispose(): void
}

/** The owner of the model, as a session sees it. */
export interface RecoveryOwner<Model, Session> {
  readonly snapshot: Uint8Array | null
  readonly model: () => Promise<Model>
  readonly make: (model: Model, snapshot: Uint8Array | null) => Promise<Session>
  readonly lost: (model: Promise<Model>) => void
  readonly forget: () => void
}

export interface UseOptions {
  /** After a loss, do the work once more on the restored session instead of throwing DeviceLostError. Default: false. */
  readonly repeat?: boolean
}

/** One session that is restored on a new device when the one it lived on is lost. */
export class RecoverableSession<Model, Session extends SavedSession> {
  readonly #owner: RecoveryOwner<Model, Session>
  #snapshot: Uint8Array | null
  #live: { readonly model: Promise<Model>; readonly session: Promise<Session> } | null = null
  #disposed = false

  constructor(owner: RecoveryOwner<Model, Session>) {
    this.#owner = owner
    this.#snapshot = owner.snapshot
  }

  /** What a loss of the device takes the session back to; null: to its beginning. */
  get snapshot(): Uint8Array | null {
    return this.#snapshot
  }

  /**
   * Works on the session and saves a snapshot of it when that ends well; `save` does so in between. When the device is lost, what came
   * after the last snapshot is gone: the call throws DeviceLostError, and the next one finds the session restored. With `repeat` the
   * work is done again at once; what it gave out the first time, such as tokens of a stream, it gives out again.
   */
  async use<Result>(
    work: (session: Session, save: () => Promise<void>) => Promise<Result>,
    { repeat = false }: UseOptions = {},
  ): Promise<Result> {
    try {
      return await this.#attempt(work)
    } catch (error) {
      if (!repeat || !(error instanceof DeviceLostError)) throw error
      return await this.#attempt(work)
    }
  }

  /** Frees the session; the last snapshot stays readable. */
  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#owner.forget()
    this.#drop()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  async #attempt<Result>(work: (session: Session, save: () => Promise<void>) => Promise<Result>): Promise<Result> {
    if (this.#disposed) throw new DisposedError('recoverable session')
    const model = this.#owner.model()
    try {
      const session = await this.#on(model)
      const save = async () => {
        this.#snapshot = await session.snapshot()
      }
      const result = await work(session, save)
      await save()
      return result
    } catch (error) {
      if (error instanceof DeviceLostError) this.#owner.lost(model)
      throw error
    }
  }

  /** The session on this model: the live one, or one made from the last snapshot. */
  #on(model: Promise<Model>): Promise<Session> {
    if (this.#live?.model === model) return this.#live.session
    this.#drop()
    const session = model.then((opened) => this.#owner.make(opened, this.#snapshot))
    const live = { model, session }
    this.#live = live
    session.catch(() => {
      if (this.#live === live) this.#live = null
    })
    return session
  }

  #drop(): void {
    this.#live?.session.then(
      (session) => session.dispose(),
      () => {},
    )
    this.#live = null
  }
}
