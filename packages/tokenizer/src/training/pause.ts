/** Long work on one thread gives other events a turn, so that it can be aborted and shows how far it is. */

/** Called with the size of the vocabulary. Throws when the work is to end. */
export type Pause = (done: number) => Promise<void>

/** Counts up work; true, and at zero again, whenever `limit` is reached. */
export function createCounter(limit: number): (work: number) => boolean {
  let total = 0
  return (work) => {
    total += work
    if (total < limit) return false
    total = 0
    return true
  }
}

/** Tells `report`, then gives events a turn: at most every 20 milliseconds, as a turn may cost 4 in a browser. */
export function createPause(signal: AbortSignal | undefined, report: (done: number) => void): Pause {
  let last = performance.now()
  return async (done) => {
    signal?.throwIfAborted()
    if (performance.now() - last < 20) return
    report(done)
    await new Promise((resolve) => setTimeout(resolve))
    signal?.throwIfAborted()
    last = performance.now()
  }
}
