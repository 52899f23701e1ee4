/** Milliseconds that events may wait. */
const patience = 20

/**
 * Gives signals, timers and streams their turn now and then. A backend that computes on the calling thread never does: without this
 * an AbortSignal could not fire before the end of the work.
 */
export class Breather {
  #last = performance.now()

  /** Costs nothing until events have waited for `patience`. */
  async breathe(): Promise<void> {
    if (performance.now() - this.#last < patience) return
    await nextTurn()
    this.#last = performance.now()
  }
}

// browsers have no setImmediate
const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => unknown }

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (setImmediate) setImmediate(resolve)
    else setTimeout(resolve)
  })
}
