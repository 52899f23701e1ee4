/** Time as the stores in this process see it. A simulation brings its own. */
export interface Clock {
  /** Milliseconds; never goes back. */
  readonly now: () => number
  /** Calls back once after `ms`. Gives a function that cancels it. */
  readonly after: (ms: number, callback: () => void) => () => void
}

// longer ones fire at once in Node
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** Calls back every `ms` until what it gives is called. */
export function every({ after }: Pick<Clock, 'after'>, ms: number, callback: () => void): () => void {
  let stop = after(ms, function beat() {
    stop = after(ms, beat)
    callback()
  })
  return () => stop()
}

export function delay({ after }: Pick<Clock, 'after'>, ms: number): Promise<void> {
  return new Promise((resolve) => void after(ms, resolve))
}

/** Epoch milliseconds, but of the monotonic clock: nothing runs out because somebody sets the clock of the machine. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, Math.min(Math.max(1, Math.ceil(ms)), LONGEST_TIMER_MS))
    return () => clearTimeout(timer)
  },
}
