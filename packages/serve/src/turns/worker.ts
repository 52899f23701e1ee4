/** The side that writes: takes turns from the queue as the engine has room, and brings each to its end. */
import { type Clock, delay, systemClock } from '../stores/common/clock.js'
import { EngineClosedError } from '../errors.js'
import { isFenced } from './turn-log.js'
import type { Claim } from '../stores/contract.js'
import { maxDeliveriesOf, TurnRun, type TurnRunOptions } from './run-turn.js'
import { type Turn, scopeOf } from './turn.js'

export interface TurnWorkerOptions extends TurnRunOptions {
  /** Of this worker alone. Default: random. */
  readonly name?: string
  readonly onError?: (error: unknown) => void
}

/** Milliseconds after which a turn whose scope is still leased is tried again. */
const leasedDelayMs = 250

/** Milliseconds before a turn for other weights is given out again. */
const otherDelayMs = 500

export class TurnWorker {
  readonly #options: TurnWorkerOptions
  readonly #name: string
  readonly #leaseMs: number
  readonly #clock: Clock
  readonly #maxDeliveries: number
  /** One of a turn may be here twice: after its claim has run out. */
  readonly #runs = new Set<TurnRun>()
  readonly #stop = new AbortController()
  readonly #ended: Promise<void>
  readonly #unsubscribe: () => void

  /** Begins at once. */
  constructor(options: TurnWorkerOptions) {
    this.#options = options
    this.#name = options.name ?? crypto.randomUUID()
    this.#leaseMs = options.leaseMs ?? 5000
    this.#clock = options.clock ?? systemClock
    this.#maxDeliveries = maxDeliveriesOf(options)
    this.#unsubscribe = options.stores.log.onCancel((turn) => this.#cancel(turn))
    this.#ended = this.#claimAll()
  }

  /** Turns that are being worked on. */
  get running(): number {
    return this.#runs.size
  }

  /** Takes no more turns; what is running is finished, for up to `graceMs`, and then handed to another worker. */
  async stop(graceMs = 0): Promise<void> {
    this.#stop.abort()
    await this.#ended
    const stopWaiting = this.#clock.after(graceMs, () => this.#handOver())
    await Promise.all([...this.#runs].map((run) => run.ended))
    stopWaiting()
    this.#unsubscribe()
  }

  #cancel(turn: string): void {
    for (const run of this.#runs) if (run.turn.id === turn) run.cancel()
  }

  #handOver(): void {
    for (const run of this.#runs) run.handOver()
  }

  async #claimAll(): Promise<void> {
    const { engine, stores } = this.#options
    const { signal } = this.#stop
    while (!signal.aborted) {
      await untilAborted(engine.whenRoom(), signal)
      if (signal.aborted) return
      if (engine.room === 0) continue
      try {
        const claim = await stores.queue.claim({ worker: this.#name, idleMs: this.#leaseMs, signal })
        if (claim === null) return
        await this.#begin(claim)
      } catch (error) {
        // the queue is out of reach: what waits there is safe
        this.#report(error)
        await untilAborted(delay(this.#clock, leasedDelayMs), signal)
      }
    }
  }

  /** Resolves when the turn has its place in the engine, or needs none. */
  async #begin(claim: Claim): Promise<void> {
    const { stores, engine } = this.#options
    const turn = claim.body as unknown as Turn
    if (turn.weights !== engine.facts.identity.weights) return stores.queue.giveBack(claim, otherDelayMs, false)
    const lease = await stores.leases.acquire(scopeOf(turn), this.#leaseMs)
    if (lease === null) return stores.queue.giveBack(claim, leasedDelayMs, false)
    const run = new TurnRun(this.#options, turn, claim, lease)
    this.#runs.add(run)
    void this.#finish(run, claim)
    await run.placed
  }

  async #finish(run: TurnRun, claim: Claim): Promise<void> {
    const { stores } = this.#options
    try {
      const done = await run.run().catch((error: unknown) => this.#failed(error))
      if (!done && run.isStuck && claim.deliveries >= this.#maxDeliveries) return await this.#giveUp(run, claim)
      if (done) await stores.queue.finish(claim)
      await stores.leases.release(run.lease)
      if (!done) await stores.queue.giveBack(claim)
    } catch (error) {
      // its claim runs out, and another worker goes on from the log
      this.#report(error)
    } finally {
      this.#runs.delete(run)
      run.end()
    }
  }

  async #failed(error: unknown): Promise<false> {
    if (isFenced(error)) {
      this.#options.meter?.fenced()
      return false
    }
    // one that ended before the turn came to it: the turn waits for the next
    if (!(error instanceof EngineClosedError)) this.#report(error)
    await delay(this.#clock, leasedDelayMs)
    return false
  }

  async #giveUp(run: TurnRun, claim: Claim): Promise<void> {
    await run.giveUp()
    await this.#options.stores.queue.bury(claim, `begun ${claim.deliveries} times`)
    await this.#options.stores.leases.release(run.lease)
  }

  #report(error: unknown): void {
    this.#options.onError?.(error)
  }
}

/** A signal that lives long must not collect listeners. */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  let wake = (): void => {}
  const aborted = new Promise<void>((resolve) => (wake = resolve))
  signal.addEventListener('abort', wake)
  await Promise.race([work, aborted])
  signal.removeEventListener('abort', wake)
}
