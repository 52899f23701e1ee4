/** Long texts and conversations become ids in a thread of their own; one that takes too long ends the thread, and another is started. */
import type { Worker } from 'node:worker_threads'
import type { ChatMessage } from '@retnet/serve'
import { CommandError } from '../errors.js'
import type { ChatTexts } from '../text/chat-encoder.js'

export interface TextThreadData extends ChatTexts {
  readonly tokenizerJson: string
}

/** `last`: the messages go on behind an answer with this last token. */
export type TextTask = { readonly text: string } | { readonly messages: readonly ChatMessage[]; readonly last?: number }

export type TextReply =
  | { readonly kind: 'ready'; readonly hasChat: boolean }
  | { readonly kind: 'ids'; readonly ids: Uint32Array | null }
  /** `foreseen`: what the client did wrong; else a fault of the template or of ours. */
  | { readonly kind: 'error'; readonly message: string; readonly foreseen: boolean }

interface Call {
  readonly task: TextTask
  readonly resolve: (ids: Uint32Array | null) => void
  readonly reject: (error: Error) => void
}

export class TextThread implements Disposable {
  readonly #start: () => Worker
  readonly #deadlineMs: number
  readonly #calls: Call[] = []
  #worker: Worker | null = null
  #ready = false
  #hasChat = false
  #running: Call | null = null
  #timer: ReturnType<typeof setTimeout> | undefined
  #onReady: { resolve: () => void; reject: (error: Error) => void } | null = null
  #closed = false

  private constructor(start: () => Worker, deadlineMs: number) {
    this.#start = start
    this.#deadlineMs = deadlineMs
  }

  /** Resolves when tokenizer and template are loaded. Throws CommandError if they cannot be. */
  static async create(start: () => Worker, deadlineMs = 10_000): Promise<TextThread> {
    const thread = new TextThread(start, deadlineMs)
    await new Promise<void>((resolve, reject) => {
      thread.#onReady = { resolve, reject }
      thread.#run()
    })
    return thread
  }

  /** True if the model has a chat template. */
  get hasChat(): boolean {
    return this.#hasChat
  }

  /**
   * Throws CommandError for messages that the template refuses, and for what takes longer than the deadline. Null only for messages
   * that cannot go on behind an answer.
   */
  encode(task: TextTask): Promise<Uint32Array | null> {
    return new Promise((resolve, reject) => {
      this.#calls.push({ task, resolve, reject })
      if (this.#worker === null && !this.#closed) this.#run()
      this.#next()
    })
  }

  [Symbol.dispose](): void {
    this.#closed = true
    void this.#worker?.terminate()
    for (const { reject } of [this.#running, ...this.#calls].filter((call) => call !== null)) reject(ended())
  }

  #run(): void {
    const worker = this.#start()
    this.#worker = worker
    worker.on('message', (reply: TextReply) => this.#take(reply))
    worker.on('error', (error) =>
      this.#onReady?.reject(new CommandError(error instanceof Error ? error.message : 'failed')),
    )
    worker.on('exit', () => this.#lost(worker))
  }

  #next(): void {
    if (!this.#ready || this.#running !== null) return
    const call = this.#calls.shift()
    if (call === undefined) return
    this.#running = call
    this.#timer = setTimeout(() => void this.#worker?.terminate(), this.#deadlineMs)
    this.#worker!.postMessage(call.task)
  }

  #take(reply: TextReply): void {
    if (reply.kind === 'ready') {
      this.#ready = true
      // until then it is waited for; afterwards the server is what keeps the process alive
      this.#worker!.unref()
      this.#hasChat = reply.hasChat
      this.#onReady?.resolve()
      this.#onReady = null
    } else if (this.#running === null) {
      if (reply.kind === 'error') this.#onReady?.reject(new CommandError(reply.message))
    } else {
      clearTimeout(this.#timer)
      const { resolve, reject } = this.#running
      this.#running = null
      if (reply.kind === 'ids') resolve(reply.ids)
      else reject(reply.foreseen ? new CommandError(reply.message) : new Error(reply.message))
    }
    this.#next()
  }

  #lost(worker: Worker): void {
    if (worker !== this.#worker || this.#closed) return
    clearTimeout(this.#timer)
    const wasReady = this.#ready
    this.#worker = null
    this.#ready = false
    this.#onReady?.reject(ended())
    const call = this.#running
    this.#running = null
    call?.reject(new CommandError(`It takes longer than ${this.#deadlineMs / 1000} s to encode.`, 'Send less.'))
    // one that cannot be started again would end for ever: it is tried again when somebody asks
    if (wasReady) this.#run()
    else for (const { reject } of this.#calls.splice(0)) reject(ended())
  }
}

function ended(): CommandError {
  return new CommandError('The thread that encodes texts has ended.')
}
