/** An engine in a thread of its own: while it computes, requests are still answered. If the thread ends, another one is started. */
import type { ModelFacts } from '../api/context.js'
import { ApiError, type Status } from '../api/api-error.js'
import type { EngineStatus, EngineWork } from '../engine/engine.js'
import type { JobEvent } from '../engine/job.js'
import { Outlet } from '../engine/outlet.js'
import type { RunningText, TextEngine, TextRequest } from '../engine/text-engine.js'
import { EngineClosedError, EngineThreadError } from '../errors.js'
import type { EngineLoad, FromThread, TextNews, ThreadProblem, ToThread } from './messages.js'

/** A Worker of `node:worker_threads` whose program calls `hostEngine`. */
export interface EngineThread {
  postMessage(message: unknown): void
  on(event: 'message' | 'error' | 'exit', listener: (value: unknown) => void): unknown
  terminate(): Promise<unknown>
}

export interface ThreadEngineOptions {
  /** Events that are held for a slow reader. Default 64. */
  readonly readAhead?: number
  /** Milliseconds before a thread that ended is started again; doubled each time that it ends at once. Default 500. */
  readonly restartMs?: number
  /** Milliseconds that the thread has to end by itself. Default 5,000. */
  readonly closeMs?: number
  readonly onError?: (error: unknown) => void
}

class ThreadText implements RunningText {
  readonly events: Outlet<JobEvent>
  readonly cancel: () => void
  held = false

  constructor(readAhead: number, onRoom: () => void, cancel: () => void) {
    this.events = new Outlet(readAhead, onRoom)
    this.cancel = cancel
  }
}

export class ThreadEngine implements TextEngine, AsyncDisposable {
  readonly #start: () => EngineThread
  readonly #options: Required<ThreadEngineOptions>
  readonly #texts = new Map<string, ThreadText>()
  readonly #calls = new Map<number, { resolve: () => void; reject: (error: unknown) => void }>()
  #thread: EngineThread | null = null
  #exited: Promise<void> = Promise.resolve()
  #facts: ModelFacts | null = null
  #load: EngineLoad = { rows: 0, running: 0, waiting: 0, room: 0, work: { steps: 0, seconds: 0, rows: 0 } }
  #onRoom: (() => void)[] = []
  #count = 0
  #closed = false
  #isUp = false
  #waitMs: number

  private constructor(start: () => EngineThread, options: ThreadEngineOptions) {
    this.#start = start
    this.#options = { readAhead: 64, restartMs: 500, closeMs: 5000, onError: () => {}, ...options }
    this.#waitMs = this.#options.restartMs
  }

  /** Resolves when the model is loaded. Throws EngineThreadError if that fails. */
  static async create(start: () => EngineThread, options: ThreadEngineOptions = {}): Promise<ThreadEngine> {
    const engine = new ThreadEngine(start, options)
    await engine.#run()
    return engine
  }

  get facts(): ModelFacts {
    return this.#facts!
  }

  get status(): EngineStatus {
    const { room: _, ...status } = this.#load
    return status
  }

  /** Of the present thread. */
  get work(): EngineWork {
    return this.#load.work
  }

  get isUp(): boolean {
    return this.#isUp
  }

  get room(): number {
    return this.#closed ? 0 : this.#load.room
  }

  async whenRoom(): Promise<void> {
    if (this.room === 0) await new Promise<void>((resolve) => this.#onRoom.push(resolve))
  }

  async submit(requests: readonly TextRequest[]): Promise<readonly RunningText[]> {
    if (this.#closed || this.#thread === null) throw new EngineClosedError()
    const call = this.#count++
    const names = requests.map((_, at) => `${call}.${at}`)
    // before the answer: the first events may come with it
    for (const name of names) this.#texts.set(name, this.#createText(name))
    const texts = names.map((name) => this.#texts.get(name)!)
    const answered = new Promise<void>((resolve, reject) => this.#calls.set(call, { resolve, reject }))
    this.#post({ kind: 'submit', call, requests })
    try {
      await answered
    } catch (error) {
      for (const name of names) this.#texts.delete(name)
      throw error
    }
    return texts
  }

  abort(): void {
    this.#closed = true
    this.#post({ kind: 'abort' })
    this.#endAll()
  }

  /** `abort`, and resolves when the thread has ended: by itself, after its step, or else by force. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.abort()
    if (this.#thread === null) return
    this.#post({ kind: 'close' })
    let late: ReturnType<typeof setTimeout> | undefined
    const patience = new Promise<void>((resolve) => (late = setTimeout(resolve, this.#options.closeMs)))
    await Promise.race([this.#exited, patience])
    clearTimeout(late)
    await this.#thread?.terminate()
  }

  /** Resolves when the thread is ready. */
  #run(): Promise<void> {
    return new Promise((resolve, reject) => {
      const thread = this.#start()
      this.#thread = thread
      const fail = (error: EngineThreadError) => {
        if (this.#facts !== null) this.#options.onError(error)
        reject(error)
      }
      thread.on('message', (message) => {
        const found = message as FromThread
        if (found.kind === 'ready') {
          this.#facts = found.facts
          this.#isUp = true
          this.#waitMs = this.#options.restartMs
          resolve()
        }
        if (found.kind === 'failed') fail(new EngineThreadError(found.message, found.isUsage))
        else this.#take(found)
      })
      thread.on('error', (error) => {
        this.#options.onError(error)
        reject(new EngineThreadError(error instanceof Error ? error.message : String(error)))
      })
      this.#exited = new Promise((onExit) => {
        thread.on('exit', () => {
          reject(new EngineThreadError('The thread of the engine has ended.'))
          this.#lost()
          onExit()
        })
      })
    })
  }

  /** What was running is told to begin elsewhere, or again. */
  #lost(): void {
    this.#thread = null
    this.#isUp = false
    this.#endAll()
    this.#load = { ...this.#load, running: 0, waiting: 0, room: 0 }
    if (this.#closed || this.#facts === null) return
    this.#options.onError(new EngineThreadError('The thread of the engine has ended, and is started again.'))
    setTimeout(() => {
      if (!this.#closed) void this.#run().catch(this.#options.onError)
    }, this.#waitMs)
    this.#waitMs = Math.min(60_000, 2 * this.#waitMs)
  }

  #endAll(): void {
    const error = new EngineClosedError()
    for (const { reject } of this.#calls.values()) reject(error)
    this.#calls.clear()
    for (const text of this.#texts.values()) text.events.end(error)
    this.#texts.clear()
    for (const resolve of this.#onRoom.splice(0)) resolve()
  }

  #createText(name: string): ThreadText {
    const text = new ThreadText(
      this.#options.readAhead,
      () => {
        if (text.held) this.#post({ kind: 'go', text: name })
        text.held = false
      },
      () => {
        if (this.#texts.delete(name)) this.#post({ kind: 'cancel', text: name })
        text.events.end()
      },
    )
    return text
  }

  #take(message: Exclude<FromThread, { kind: 'failed' }>): void {
    if (message.kind === 'submitted') this.#answer(message.call, message.problem)
    if (message.kind === 'news') for (const news of message.texts) this.#takeNews(news)
    this.#load = message.load
    if (this.room > 0) for (const resolve of this.#onRoom.splice(0)) resolve()
  }

  #answer(call: number, problem: ThreadProblem | null): void {
    const { resolve, reject } = this.#calls.get(call) ?? {}
    this.#calls.delete(call)
    if (problem) reject?.(errorOf(problem))
    else resolve?.()
  }

  #takeNews({ text: name, events, ended, problem }: TextNews): void {
    const text = this.#texts.get(name)
    if (text === undefined) return
    for (const event of events) text.events.push(event)
    if (ended) {
      this.#texts.delete(name)
      text.events.end(problem ? errorOf(problem) : undefined)
    } else if (text.events.isFull && !text.held) {
      text.held = true
      this.#post({ kind: 'hold', text: name })
    }
  }

  #post(message: ToThread): void {
    this.#thread?.postMessage(message)
  }
}

function errorOf(problem: ThreadProblem): Error {
  if (problem === 'closed') return new EngineClosedError()
  const { status, code, message, param } = problem
  return new ApiError(status as Status, code, message, param)
}
