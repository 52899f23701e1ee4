/** Virtual time. Whatever happens in a simulation is an event here; one seed gives one order of events. */
export interface Scheduler {
  readonly now: number
  /** Between 0 and 1. */
  readonly random: () => number
  /** Runs `event` after `ms` of virtual time. Gives a function that takes it back. */
  at(ms: number, event: () => void): () => void
  /** Runs events until `isOver`, or until `limitMs` of virtual time have passed or nothing is left: then it throws. */
  run(isOver: () => boolean, limitMs: number): Promise<void>
  /** Runs the events of the next `ms`, if there are any. */
  settle(ms: number): Promise<void>
}

interface Event {
  readonly time: number
  readonly order: number
  readonly run: () => void
}

export function createScheduler(seed: number): Scheduler {
  const random = mulberry32(seed)
  const events: Event[] = []
  let now = 0
  let count = 0
  const next = (limit: number): boolean => {
    if (events.length === 0 || events[0].time > limit) return false
    const event = events.shift()!
    now = event.time
    event.run()
    return true
  }
  return {
    get now() {
      return now
    },
    random,
    at(ms, run) {
      const event = { time: now + Math.max(0, ms), order: count++, run }
      insert(events, event)
      return () => {
        const at = events.indexOf(event)
        if (at >= 0) events.splice(at, 1)
      }
    },
    async run(isOver, limitMs) {
      for (;;) {
        await allThatFollows()
        if (isOver()) return
        if (!next(limitMs)) throw new Error(`nothing more happens before ${limitMs} ms, and it is not over`)
      }
    },
    async settle(ms) {
      const limit = now + ms
      do await allThatFollows()
      while (next(limit))
      now = limit
    },
  }
}

/** What one event leads to without another is done before the next one. */
function allThatFollows(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Sorted by time, and by the order of asking. */
function insert(events: Event[], event: Event): void {
  const at = events.findLastIndex(({ time }) => time <= event.time)
  events.splice(at + 1, 0, event)
}

/** The generator of Tommy Ettinger, public domain: small, and good enough to choose faults. */
function mulberry32(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
