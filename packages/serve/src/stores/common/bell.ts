/** Wakes everyone who waits for a change. A ring that nobody waits for is not kept: look first, then wait. */
export class Bell {
  readonly #waiting = new Set<() => void>()

  /** How often it has rung: who looked before the last ring looks again instead of waiting. */
  rings = 0

  ring(): void {
    this.rings += 1
    for (const wake of this.#waiting) wake()
  }

  /** Resolves at the next ring, or once the signal fires. */
  wait(signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.add(wake)
      signal?.addEventListener('abort', wake)
    })
  }
}
