/** How many tokens a backend that draws itself gives each text before they are read: as many as take `burstMs` together. */
import type { Job } from './job.js'

const most = 16

export class Burst {
  readonly #burstMs: number
  /** Milliseconds of one step, of the latest bursts. */
  #stepMs = Infinity

  constructor(burstMs: number) {
    this.#burstMs = burstMs
  }

  /** 1 while prompts are read, so that they wait for nobody, or if all texts are nearly complete. */
  stepsFor(jobs: readonly Job[], isReading: boolean): number {
    if (isReading) return 1
    const wanted = Math.max(...jobs.map((job) => job.left))
    return Math.max(1, Math.min(most, wanted, Math.floor(this.#burstMs / this.#stepMs)))
  }

  async time<T>(steps: number, work: () => Promise<T>): Promise<T> {
    const begin = performance.now()
    const result = await work()
    const stepMs = (performance.now() - begin) / steps
    // one slow burst, while a program is compiled, is soon forgotten
    this.#stepMs = this.#stepMs === Infinity ? stepMs : 0.7 * this.#stepMs + 0.3 * stepMs
    return result
  }
}
