import type { Bell } from './bell.js'
import type { Clock } from './clock.js'

interface Waiting {
  readonly bell: Bell
  readonly clock: Clock
  /** When something may come without a ring; Infinity if nothing will. */
  readonly due: () => number
  readonly signal?: AbortSignal | undefined
}

/** The first result of `attempt` that is not undefined, tried at each ring and whenever something is due. Null once the signal fires. */
export async function waitFor<T>(
  attempt: () => T | undefined,
  { bell, clock, due, signal }: Waiting,
): Promise<T | null> {
  for (;;) {
    if (signal?.aborted) return null
    const result = attempt()
    if (result !== undefined) return result
    const time = due()
    const stop = time === Infinity ? undefined : clock.after(time - clock.now(), () => bell.ring())
    await bell.wait(signal)
    stop?.()
  }
}
