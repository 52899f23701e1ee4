/** Goes on with texts: by a token each through logits, or by several where the backend draws itself. */
import type { Model, RowDecode } from '@retnet/core'
import { Burst } from './burst.js'
import { type Guard, settle } from './guard.js'
import type { Job } from './job.js'
import { RowMarks } from './row-marks.js'
import type { RowPool } from './row-pool.js'

export class Stepper {
  readonly #model: Model
  readonly #pool: RowPool<Job>
  readonly #guard: Guard
  readonly #burst: Burst
  readonly #marks: RowMarks

  constructor(model: Model, pool: RowPool<Job>, guard: Guard, burstMs: number) {
    this.#model = model
    this.#pool = pool
    this.#guard = guard
    this.#burst = new Burst(burstMs)
    this.#marks = new RowMarks(model)
  }

  /** `isReading`: prompts wait for the end of the step. */
  async step(jobs: readonly Job[], isReading: boolean): Promise<void> {
    const drawing = jobs.filter((job) => !job.needsLogits && this.#model.drawsTokens)
    await this.#next(jobs.filter((job) => !drawing.includes(job)))
    await this.#draw(drawing, this.#burst.stepsFor(drawing, isReading || drawing.length < jobs.length))
  }

  dispose(): void {
    this.#marks.release()
  }

  async #next(jobs: readonly Job[]): Promise<void> {
    if (jobs.length === 0) return
    await this.#guard.run(jobs, async () => {
      const steps = jobs.map((job) => ({ row: this.#pool.rowOf(job), token: job.token }))
      for (const [at, { logits, error }] of (await this.#pool.batch.next(steps)).entries()) {
        if (error) jobs[at].end(error)
        else settle(jobs[at], () => jobs[at].takeLogits(logits!))
      }
    })
  }

  async #draw(jobs: readonly Job[], count: number): Promise<void> {
    if (jobs.length === 0) return
    await this.#guard.run(jobs, async () => {
      const steps = jobs.map((job) => {
        return { row: this.#pool.rowOf(job), token: job.token, settings: job.sampling, ...job.ends }
      })
      const mayOverrun = steps.filter((_, at) => jobs[at].mayOverrun)
      const times = await this.#mark(mayOverrun, count)
      const results = await this.#burst.time(times, () => this.#pool.batch.decode(steps, { count: times }))
      for (const [at, { row, ids, error }] of results.entries()) {
        await this.#guard.run([jobs[at]], () => this.#take(jobs[at], row, ids))
        if (error && jobs[at].steps) jobs[at].end(error)
      }
    })
  }

  /** Makes ready for `count` tokens of rows that may run over their ends. Gives how many it is ready for. */
  async #mark(steps: readonly RowDecode[], count: number): Promise<number> {
    if (steps.length === 0) this.#marks.release()
    return (await this.#marks.set(this.#pool.batch, count > 1 ? steps : [])) ? count : 1
  }

  /** What was drawn behind the end of a text is nobody's, and its row must not have it in. */
  async #take(job: Job, row: number, ids: Int32Array): Promise<void> {
    const end = ids.findIndex((id) => {
      if (job.isDone || !job.steps) return true
      settle(job, () => job.takeId(id))
      return false
    })
    if (end >= 0 && job.saves) await this.#marks.goTo(this.#pool.batch, row, end)
  }
}
