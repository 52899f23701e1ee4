/**
 * Writes many texts at once over the rows of one batch. A generation that has a row is never short of memory; others wait for one in the
 * order they came. It knows no HTTP, and no text but what a codec makes of ids.
 */
import type { Model, Pooling } from '@retnet/core'
import { EngineClosedError, QueueFullError } from '../errors.js'
import { EmbedJob } from './embed-job.js'
import { EmbedQueue } from './embed-queue.js'
import { type EngineOptions, validateEngineOptions } from './engine-options.js'
import { Job, type JobRequest } from './job.js'
import { Guard } from './guard.js'
import { type Chunk, planStep } from './plan-step.js'
import { PrefixReuse, type PrefixStatus } from './prefix/prefix-reuse.js'
import { RowPool } from './row-pool.js'
import { Stepper } from './stepper.js'
import { nextTurn } from './next-turn.js'

export interface EngineStatus {
  readonly rows: number
  readonly running: number
  /** Generations that wait for a row, those included that wait for their reader. */
  readonly waiting: number
  /** What prompts that begin alike have saved. */
  readonly prefix?: PrefixStatus
}

/** What the engine has done since it began. */
export interface EngineWork {
  readonly steps: number
  /** Of all steps. */
  readonly seconds: number
  /** Texts that steps went on with, summed over all steps. */
  readonly rows: number
}

export class Engine {
  readonly model: Model
  readonly #pool: RowPool<Job>
  readonly #options: Required<EngineOptions>
  readonly #guard = new Guard((error) => this.#fail(error))
  readonly #stepper: Stepper
  /** Jobs with a row, in the order of admission. */
  #admitted: Job[] = []
  #queue: Job[] = []
  /** Jobs whose reader is slow and whose row was needed. */
  readonly #parked = new Set<Job>()
  readonly #embeddings = new EmbedQueue(this.#guard)
  readonly #reuse: PrefixReuse
  #working = false
  readonly #done = { steps: 0, seconds: 0, rows: 0 }
  #closed = false
  #failed = false
  #onIdle: (() => void)[] = []
  #onRoom: (() => void)[] = []

  private constructor(model: Model, pool: RowPool<Job>, options: Required<EngineOptions>) {
    this.model = model
    this.#pool = pool
    this.#options = options
    this.#stepper = new Stepper(model, pool, this.#guard, options.burstMs)
    const { chunkTokens, prefixBytes: bytes } = options
    this.#reuse = new PrefixReuse({ chunkTokens, stateBytes: model.stateBytes, bytes })
  }

  static async create(model: Model, options: EngineOptions = {}): Promise<Engine> {
    const valid = validateEngineOptions(options, model.backend.limits.preferredTokens)
    return new Engine(model, await RowPool.create(model, valid.rows), valid)
  }

  /** Compiles what is needed for any number of texts; without it, that is done when so many come. Before the first text. */
  async prepare(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#pool.prepare(options)
  }

  /** False once its backend has broken. */
  get isUp(): boolean {
    return !this.#failed
  }

  get work(): EngineWork {
    return this.#done
  }

  get status(): EngineStatus {
    const followers = [...this.#admitted, ...this.#queue].reduce((sum, job) => sum + job.followers.length, 0)
    const waiting = this.#queue.length + this.#parked.size + followers + this.#embeddings.length
    return { rows: this.#pool.most, running: this.#admitted.length, waiting, prefix: this.#reuse.status }
  }

  /** Texts that could begin at once. Those whose readers are slow give their rows up. */
  get room(): number {
    const writing = this.#admitted.filter((job) => !job.events.isFull && !job.isDone)
    const waiting = this.#queue.length + [...this.#admitted, ...this.#queue].flatMap((job) => job.followers).length
    return this.#closed ? 0 : Math.max(0, this.#pool.most - writing.length - waiting - this.#embeddings.length)
  }

  /** Resolves when there may be room. */
  async whenRoom(): Promise<void> {
    if (this.room === 0) await new Promise<void>((resolve) => this.#onRoom.push(resolve))
  }

  /** Throws QueueFullError or EngineClosedError if `count` more generations cannot be taken now. Costs nothing. */
  requireRoom(count: number): void {
    if (this.#closed) throw new EngineClosedError()
    const { rows, running, waiting } = this.status
    if (running + waiting + count > rows + this.#options.queue) throw new QueueFullError(this.#options.queue)
  }

  /**
   * Begins `requests`, all or none. Those that share their prompt (the same object) read it once, if none of them scores it or has
   * begun before. Throws for ids outside of the vocabulary, and for a `start` that is no snapshot of a session.
   */
  submit(requests: readonly JobRequest[]): Job[] {
    this.requireRoom(requests.length)
    for (const prompt of new Set(requests.map((each) => each.prompt))) this.model.checkTokens(prompt)
    const jobs = requests.map((request) => this.#createJob(request))
    for (const { ids } of jobs.filter(({ request: { start, given } }) => start || given)) this.model.checkTokens(ids)
    const leaders = new Map<ArrayLike<number>, Job>()
    for (const [at, job] of jobs.entries()) {
      if (job.isDone) continue
      const leader = leaders.get(requests[at].prompt)
      if (leader && !job.isRead && canFollow(requests[at], leader.request)) leader.followers.push(job)
      else this.#queue.push(job)
      if (!leader) leaders.set(requests[at].prompt, job)
    }
    this.#wake()
    return jobs
  }

  /** Reads texts to make vectors of them, all or none; throws as `submit`. They take no rows: chunks of them go between the steps. */
  embed(texts: readonly { readonly prompt: ArrayLike<number>; readonly pooling: Pooling }[]): EmbedJob[] {
    this.requireRoom(texts.length)
    const jobs = texts.map(({ prompt, pooling }) => new EmbedJob(this.model, prompt, pooling, () => this.#wake()))
    this.#embeddings.add(jobs)
    this.#wake()
    return jobs
  }

  /** Takes no more requests; resolves when all that were taken are done. */
  async drain(): Promise<void> {
    this.#closed = true
    if (this.#isIdle && !this.#working) return
    await new Promise<void>((resolve) => this.#onIdle.push(resolve))
  }

  /** Takes no more requests and ends what is running within a step; readers get an EngineClosedError. */
  abort(): void {
    this.#closed = true
    const all = [...this.#admitted, ...this.#queue, ...this.#parked]
    for (const job of all.flatMap((one) => [one, ...one.followers])) job.end(new EngineClosedError())
    this.#embeddings.abort(new EngineClosedError())
    this.#queue = []
    this.#parked.clear()
    this.#wake()
  }

  /** The backend is of no use any more: what is running is no fault of its texts, and can go on elsewhere. */
  #fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.abort()
    this.#options.onFatal(error)
  }

  /** `abort`, and frees the states; the model stays. */
  dispose(): void {
    this.abort()
    if (!this.#working) this.#free()
    else this.#onIdle.push(() => this.#free())
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #free(): void {
    this.#stepper.dispose()
    this.#pool.dispose()
  }

  get #isIdle(): boolean {
    return this.#admitted.length + this.#queue.length + this.#parked.size + this.#embeddings.length === 0
  }

  #createJob(request: JobRequest): Job {
    const { vocabSize } = this.model.spec
    return new Job(request, { vocabSize, readAhead: this.#options.readAhead, onChange: (job) => this.#onChange(job) })
  }

  #onChange(job: Job): void {
    if (this.#parked.delete(job) && !job.isDone) this.#queue.unshift(job)
    this.#wake()
  }

  #wake(): void {
    if (this.#working) return
    this.#working = true
    void this.#work()
  }

  async #work(): Promise<void> {
    for (;;) {
      this.#sweep()
      await this.#admit()
      await this.#pool.settle()
      const { steps, chunks } = planStep(this.#admitted, this.#options.chunkTokens, this.#options.stepTokens)
      const isIdle = steps.length + chunks.length + this.#embeddings.length === 0
      if (isIdle && !this.#canAdmit && !this.#admitted.some((job) => job.isDone || job.saves)) break
      const began = performance.now()
      await this.#stepper.step(steps, chunks.length + this.#embeddings.length > 0)
      await this.#read(chunks)
      await this.#embeddings.step()
      this.#count(began, steps.length + chunks.length)
      await this.#startFollowers()
      await this.#save()
      if (this.room > 0) for (const resolve of this.#onRoom.splice(0)) resolve()
      // sockets and timers get their turn in every step: tokens go out, and those who hang up are noticed
      await nextTurn()
    }
    this.#working = false
    for (const resolve of this.#onRoom.splice(0)) resolve()
    if (this.#isIdle) for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  #count(began: number, rows: number): void {
    if (rows === 0) return
    this.#done.steps++
    this.#done.rows += rows
    this.#done.seconds += (performance.now() - began) / 1000
  }

  /** Frees the rows of what is done, and takes what was cancelled out of the queue. */
  #sweep(): void {
    for (const job of [...this.#admitted, ...this.#queue].filter((one) => one.isDone)) this.#promoteFollower(job)
    for (const job of this.#admitted.filter((one) => one.isDone)) this.#release(job)
    this.#queue = this.#queue.filter((job) => !job.isDone)
  }

  /** Followers of a job that ended before its prompt was in: the first one reads it for the others. */
  #promoteFollower(job: Job): void {
    const [next, ...rest] = job.followers.filter((one) => !one.isDone)
    job.followers = []
    if (next === undefined) return
    next.followers = rest
    this.#queue.unshift(next)
  }

  #release(job: Job): void {
    this.#pool.release(job)
    this.#admitted = this.#admitted.filter((one) => one !== job)
  }

  get #canAdmit(): boolean {
    return (this.#hasRow || this.#stalled !== undefined) && this.#nextInLine >= 0
  }

  get #hasRow(): boolean {
    return this.#pool.used < this.#pool.most
  }

  /** The first job of the queue that does not wait for what another one is reading. */
  get #nextInLine(): number {
    return this.#queue.findIndex((job) => !this.#reuse.mustWait(job, this.#admitted))
  }

  /** A job with a row that waits for its reader. */
  get #stalled(): Job | undefined {
    return this.#admitted.find((job) => job.events.isFull && !job.isDone)
  }

  async #admit(): Promise<void> {
    while (this.#canAdmit) {
      if (!this.#hasRow) await this.#park(this.#stalled!)
      const at = this.#nextInLine
      if (!this.#hasRow || at < 0) continue
      const [job] = this.#queue.splice(at, 1)
      if (!(await this.#takeRow(job))) continue
      this.#admitted.push(job)
      await this.#guard.run([job], async () => {
        this.#reuse.begin(job)
        if (job.start) await this.#pool.batch.restore(this.#pool.rowOf(job), job.start)
        job.start = null
        job.begin()
      })
    }
  }

  /** False if the job has none: it waits again, or has ended with the error. */
  async #takeRow(job: Job): Promise<boolean> {
    let taken = false
    await this.#guard.run([job], async () => {
      taken = await this.#pool.take(job, this.#queue.length)
    })
    if (!taken && !job.isDone) this.#queue.unshift(job)
    return taken
  }

  /** Copies a state out, so that its row can be used while the reader is slow. */
  async #park(job: Job): Promise<void> {
    await this.#guard.run([job], async () => {
      job.start = await this.#pool.batch.snapshot(this.#rowOf(job))
    })
    this.#release(job)
    if (job.isDone) return
    // the reader may have caught up while the state was copied
    if (job.events.isFull) this.#parked.add(job)
    else this.#queue.push(job)
  }

  async #read(chunks: readonly Chunk[]): Promise<void> {
    if (chunks.length === 0) return
    const jobs = chunks.map(({ job }) => job)
    await this.#guard.run(jobs, async () => {
      await this.#pool.batch.consume(chunks.map(({ job, tokens }) => ({ row: this.#rowOf(job), tokens })))
      for (const { job, tokens } of chunks) job.taken += tokens.length
    })
    for (const job of jobs.filter((one) => !one.isDone && this.#reuse.wants(one))) {
      await this.#guard.run([job], async () => this.#reuse.keep(job, await this.#pool.batch.snapshot(this.#rowOf(job))))
    }
  }

  async #startFollowers(): Promise<void> {
    for (const job of this.#admitted.filter((one) => one.isRead && one.followers.length > 0 && !one.isDone)) {
      await this.#guard.run([job], async () => {
        const start = await this.#pool.batch.snapshot(this.#rowOf(job))
        for (const follower of job.followers) follower.beginAt(start, job.taken)
        this.#queue.unshift(...job.followers.splice(0))
      })
    }
  }

  async #save(): Promise<void> {
    for (const job of this.#admitted.filter((one) => one.saves)) {
      await this.#guard.run([job], async () => {
        const bytes = await this.#pool.batch.saveRow(this.#rowOf(job), job.place)
        if (!job.isDone) job.takeSaved(bytes)
      })
    }
  }

  #rowOf(job: Job): number {
    return this.#pool.rowOf(job)
  }
}

/** Jobs that take in the same ids from the same place. */
function canFollow(request: JobRequest, leader: JobRequest): boolean {
  if (request.start !== leader.start) return false
  return ![request, leader].some(({ scorePrompt, given }) => scorePrompt || given)
}
