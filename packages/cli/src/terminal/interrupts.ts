/** What signals do: the first ends the command cleanly, the second at once; a listener may take the first for itself. */
import { constants } from 'node:os'

export const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export class Interrupts {
  readonly abort = new AbortController()
  /** Set once a signal has asked for the end. */
  exitCode: number | undefined
  #listeners: (() => void)[] = []
  #stop: (() => void) | undefined

  signal(name: (typeof signals)[number]): void {
    const listener = name === 'SIGINT' ? this.#listeners.at(-1) : undefined
    if (listener) return listener()
    const code = 128 + constants.signals[name]
    if (this.exitCode !== undefined) return dieOf(name)
    // an orderly end is no failure
    this.exitCode = this.#stop ? 0 : code
    if (this.#stop) return this.#stop()
    this.abort.abort(new DOMException('interrupted', 'AbortError'))
  }

  /** Gives the first signal of any kind to `listener`, which brings the command to its end, until the returned function is called. */
  onStop(listener: () => void): () => void {
    this.#stop = listener
    return () => {
      this.#stop = undefined
    }
  }

  /** Gives Ctrl-C to `listener` until the returned function is called. */
  listen(listener: () => void): () => void {
    this.#listeners.push(listener)
    return () => {
      this.#listeners = this.#listeners.filter((each) => each !== listener)
    }
  }
}

/** As if nobody had listened: `process.exit` would wait for threads, and crash those that are in a call to a device. */
function dieOf(name: (typeof signals)[number]): void {
  process.removeAllListeners(name)
  process.kill(process.pid, name)
}
