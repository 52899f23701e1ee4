/**
 * Sessions that outlive their device. After a loss the next use opens a new device, loads the model again and restores each session from
 * its last snapshot. It knows neither models nor sessions: `open`, `create` and `restore` come from the caller.
 */
import { DisposedError } from '@retnet/core'
import { RecoverableSession, type SavedSession } from './recoverable-session.js'

export interface RecoverableOptions<Model extends Disposable, Session extends SavedSession> {
  /** Opens a device and loads the model on it: called at the first use and after every loss. The result is disposed of at the end. */
  readonly open: () => Promise<Model>
  readonly create: (model: Model) => Promise<Session>
  readonly restore: (model: Model, snapshot: Uint8Array) => Promise<Session>
}

export class Recoverable<Model extends Disposable, Session extends SavedSession> {
  readonly #options: RecoverableOptions<Model, Session>
  readonly #sessions = new Set<RecoverableSession<Model, Session>>()
  #model: Promise<Model> | null = null
  #disposed = false

  constructor(options: RecoverableOptions<Model, Session>) {
    this.#options = options
  }

  /** The model on the device that is alive; opens one if there is none. */
  model(): Promise<Model> {
    if (this.#disposed) return Promise.reject(new DisposedError('recoverable'))
    if (this.#model) return this.#model
    const opened = this.#options.open()
    this.#model = opened
    // a device that could not be opened is tried again at the next use
    opened.catch(() => this.#forget(opened))
    return opened
  }

  /** A new session, or the one of a snapshot. Nothing runs before its first use. */
  session(snapshot: Uint8Array | null = null): RecoverableSession<Model, Session> {
    const { create, restore } = this.#options
    const session = new RecoverableSession<Model, Session>({
      snapshot,
      model: () => this.model(),
      make: (model, bytes) => (bytes ? restore(model, bytes) : create(model)),
      lost: (model) => this.#forget(model),
      forget: () => this.#sessions.delete(session),
    })
    this.#sessions.add(session)
    return session
  }

  dispose(): void {
    this.#disposed = true
    for (const session of this.#sessions) session.dispose()
    if (this.#model) this.#forget(this.#model)
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  /** Several sessions may report the loss of the same model. */
  #forget(model: Promise<Model>): void {
    if (this.#model !== model) return
    this.#model = null
    model.then(
      (opened) => opened[Symbol.dispose](),
      () => {},
    )
  }
}

export function recoverable<Model extends Disposable, Session extends SavedSession>(
  options: RecoverableOptions<Model, Session>,
): Recoverable<Model, Session> {
  return new Recoverable(options)
}
