import { setImmediate } from 'node:timers/promises'

/**
 * Gives signals, timers and streams their turn. A backend that computes on the calling thread never does so by itself: without this
 * Ctrl-C would wait for the end of the work.
 */
export async function letEventsHappen(signal: AbortSignal): Promise<void> {
  await setImmediate()
  signal.throwIfAborted()
}
