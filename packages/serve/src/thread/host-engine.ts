/** The thread's side: an engine that is asked by messages. */
import type { RunningText, TextEngine } from '../engine/text-engine.js'
import type { JobEvent } from '../engine/job.js'
import { EngineClosedError } from '../errors.js'
import { problemOf } from '../turns/problem.js'
import type { EngineLoad, FromThread, TextNews, ThreadProblem, ToThread } from './messages.js'

/** A port of `node:worker_threads`, or a MessagePort. */
export interface EnginePort {
  postMessage(message: unknown, transfer?: readonly ArrayBuffer[]): void
  on(event: 'message', listener: (message: unknown) => void): unknown
}

/**
 * Answers the messages of `ThreadEngine` on `port`: call it once in the thread, with its `parentPort`. When it resolves, the engine takes
 * no more requests, and the thread is to end: wait for the engine, free what there is, and close the port.
 */
export async function hostEngine(engine: TextEngine, port: EnginePort): Promise<void> {
  await new Promise<void>((onClose) => new EngineHost(engine, port, onClose).start())
}

/** Milliseconds after which the other side learns at the latest how busy the engine is. */
const loadMs = 250

class EngineHost {
  readonly #engine: TextEngine
  readonly #port: EnginePort
  readonly #texts = new Map<string, RunningText>()
  readonly #held = new Set<string>()
  readonly #onClose: () => void
  #flushing = false
  #told: EngineLoad | null = null

  constructor(engine: TextEngine, port: EnginePort, onClose: () => void) {
    this.#engine = engine
    this.#port = port
    this.#onClose = onClose
  }

  start(): void {
    this.#port.on('message', (message) => this.#take(message as ToThread))
    this.#post({ kind: 'ready', facts: this.#engine.facts, load: this.#load })
    void this.#tellRoom()
    // rows are swept after the news of their texts, and without any
    setInterval(() => this.#tellLoad(), loadMs).unref()
  }

  #take(message: ToThread): void {
    if (message.kind === 'submit') void this.#submit(message)
    else if (message.kind === 'abort') this.#engine.abort()
    else if (message.kind === 'close') this.#close()
    else if (message.kind === 'cancel') this.#cancel(message.text)
    else if (message.kind === 'hold') this.#hold(message.text)
    else if (this.#held.delete(message.text)) this.#flushSoon()
  }

  #close(): void {
    this.#engine.abort()
    this.#onClose()
  }

  /** The text may have ended on the way here. */
  #hold(text: string): void {
    if (this.#texts.has(text)) this.#held.add(text)
  }

  /** Nobody is told of it any more: it is forgotten at once, held or not. */
  #cancel(text: string): void {
    const running = this.#texts.get(text)
    this.#texts.delete(text)
    this.#held.delete(text)
    running?.cancel()
  }

  async #submit({ call, requests }: Extract<ToThread, { kind: 'submit' }>): Promise<void> {
    let problem: ThreadProblem | null = null
    let texts: readonly RunningText[] = []
    try {
      texts = await this.#engine.submit(requests)
    } catch (error) {
      problem = wordsOf(error)
    }
    this.#post({ kind: 'submitted', call, problem, load: this.#load })
    for (const [at, text] of texts.entries()) {
      this.#texts.set(`${call}.${at}`, text)
      text.events.onNews(() => this.#flushSoon())
    }
    this.#flushSoon()
    void this.#tellRoom()
  }

  /** All rows of a step are settled in one turn of the event loop, so their tokens go out in one message. */
  #flushSoon(): void {
    if (this.#flushing) return
    this.#flushing = true
    queueMicrotask(() => {
      this.#flushing = false
      this.#flush()
    })
  }

  #flush(): void {
    const texts = [...this.#texts].flatMap(([text, running]) => {
      if (this.#held.has(text)) return []
      const news = newsOf(text, running)
      if (news?.ended) this.#texts.delete(text)
      return news ? [news] : []
    })
    if (texts.length > 0) this.#post({ kind: 'news', texts, load: this.#load })
  }

  async #tellRoom(): Promise<void> {
    await this.#engine.whenRoom()
    this.#tellLoad()
  }

  #tellLoad(): void {
    const load = this.#load
    const isNew = (['room', 'running', 'waiting'] as const).some((name) => load[name] !== this.#told?.[name])
    if (isNew) this.#post({ kind: 'news', texts: [], load })
  }

  get #load(): EngineLoad {
    return { ...this.#engine.status, room: this.#engine.room, work: this.#engine.work }
  }

  #post(message: FromThread): void {
    if ('load' in message) this.#told = message.load
    const saved = message.kind === 'news' ? message.texts.flatMap(({ events }) => events.flatMap(bytesOf)) : []
    this.#port.postMessage(message, saved)
  }
}

function newsOf(text: string, { events }: RunningText): TextNews | null {
  try {
    const found = events.take()
    if (found.length === 0 && !events.isOver) return null
    return { text, events: found, ended: events.isOver, problem: null }
  } catch (error) {
    return { text, events: [], ended: true, problem: wordsOf(error) }
  }
}

function wordsOf(error: unknown): ThreadProblem {
  return error instanceof EngineClosedError ? 'closed' : problemOf(error)
}

function bytesOf(event: JobEvent): ArrayBuffer[] {
  return event.kind === 'saved' ? [event.bytes.buffer as ArrayBuffer] : []
}
