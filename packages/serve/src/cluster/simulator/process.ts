import type { Clock } from '../../stores/common/clock.js'
import type { Scheduler } from './scheduler.js'

/** A moment at which something may go wrong: a call is about to reach a store, or has been carried out and is about to be answered. */
export type Moment = 'before' | 'after'

export interface SimulationHooks {
  /** Called at every moment of every call; may kill or pause the process. What it gives is the answer that the process gets. */
  readonly onMoment: (process: SimProcess, moment: Moment, call: string) => Error | void
  /** Milliseconds that one way to or from a store takes. */
  readonly latencyMs: () => number
}

/**
 * One operating system process: its timers and the answers it waits for come through here, so that it can be killed or stopped in
 * between. What it has in memory hangs for ever once it is killed.
 */
export class SimProcess {
  readonly name: string
  readonly #scheduler: Scheduler
  readonly #hooks: SimulationHooks
  readonly #onKill = new Set<() => void>()
  #state: 'runs' | 'paused' | 'killed' = 'runs'
  #held: (() => void)[] = []

  constructor(name: string, scheduler: Scheduler, hooks: SimulationHooks) {
    this.name = name
    this.#scheduler = scheduler
    this.#hooks = hooks
  }

  get isKilled(): boolean {
    return this.#state === 'killed'
  }

  get clock(): Clock {
    return {
      now: () => this.#scheduler.now,
      after: (ms, callback) => {
        let cancelled = false
        const cancel = this.#scheduler.at(ms, () => this.deliver(() => cancelled || callback()))
        return () => {
          cancelled = true
          cancel()
        }
      },
    }
  }

  /** SIGKILL. */
  kill(): void {
    if (this.isKilled) return
    this.#state = 'killed'
    this.#held = []
    for (const callback of this.#onKill) callback()
  }

  /** Others see its connections end. Gives a function that takes it back. */
  onKill(callback: () => void): () => void {
    this.#onKill.add(callback)
    return () => this.#onKill.delete(callback)
  }

  /** SIGSTOP, and SIGCONT after `ms`: what happens meanwhile reaches it all at once. */
  pause(ms: number): void {
    if (this.#state !== 'runs') return
    this.#state = 'paused'
    this.#scheduler.at(ms, () => this.#resume())
  }

  /** Something from outside reaches the process. */
  deliver(event: () => unknown): void {
    if (this.#state === 'runs') event()
    else if (this.#state === 'paused') this.#held.push(event)
  }

  /** A call to a store: an await point. */
  call<T>(name: string, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const send = (give: () => void): void =>
        void this.#scheduler.at(this.#hooks.latencyMs(), () => this.deliver(give))
      const answer = (give: () => void): void => {
        const lost = this.#hooks.onMoment(this, 'after', name)
        send(lost ? () => reject(lost) : give)
      }
      const arrive = (): void => {
        if (this.isKilled) return
        const refused = this.#hooks.onMoment(this, 'before', name)
        if (refused) return send(() => reject(refused))
        if (this.isKilled) return
        work().then(
          (value) => answer(() => resolve(value)),
          (error: unknown) => answer(() => reject(error)),
        )
      }
      this.#scheduler.at(this.#hooks.latencyMs(), arrive)
    })
  }

  #resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'runs'
    // a held event may kill or pause it again: the rest then waits or is lost
    for (const event of this.#held.splice(0)) this.deliver(event)
  }
}
