import { type Clock, systemClock } from '../common/clock.js'
import type { Stores } from '../contract.js'
import { MemoryLeases } from './memory-leases.js'
import { MemoryLog } from './memory-log.js'
import { AGING_MS, MemoryQueue } from './memory-queue.js'
import { MemoryStates } from './memory-states.js'

export interface MemoryStoresOptions extends Partial<Clock> {
  /** Milliseconds of waiting that count as one more of priority; default 10,000. */
  readonly agingMs?: number
}

/** The four stores in the memory of this process, which all of its workers share. Nothing outlives it. */
export function memoryStores({ agingMs = AGING_MS, ...time }: MemoryStoresOptions = {}): Stores {
  const clock = { ...systemClock, ...time }
  const leases = new MemoryLeases(clock)
  return {
    queue: new MemoryQueue(clock, agingMs),
    leases,
    log: new MemoryLog(leases),
    states: new MemoryStates(),
  }
}
