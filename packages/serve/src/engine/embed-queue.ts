/** Texts that become vectors, one after the other: a chunk is taken in between two steps of the texts that are being written. */
import type { EmbedJob } from './embed-job.js'
import type { Guard } from './guard.js'

export class EmbedQueue {
  readonly #guard: Guard
  #jobs: EmbedJob[] = []

  constructor(guard: Guard) {
    this.#guard = guard
  }

  get length(): number {
    return this.#jobs.length
  }

  add(jobs: readonly EmbedJob[]): void {
    this.#jobs.push(...jobs)
  }

  /** One chunk of the oldest one. What goes wrong with a text is its error alone. */
  async step(): Promise<void> {
    this.#sweep()
    const [job] = this.#jobs
    if (job === undefined) return
    await this.#guard.run([job], () => job.step())
    this.#sweep()
  }

  /** Ends all of them within a step. */
  abort(error: Error): void {
    for (const job of this.#jobs) job.end(error)
  }

  #sweep(): void {
    for (const job of this.#jobs.filter((one) => one.isDone)) job.dispose()
    this.#jobs = this.#jobs.filter((job) => !job.isDone)
  }
}
