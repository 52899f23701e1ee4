/** Calls under way in a worker, each a promise with its abort and its progress. */
import { fromSent, TokenizerWorkerError } from './errors.js'
import type { CallName, Calls, Reply, WorkerProgress } from './messages.js'
import { type CreateWorker, type Port, startWorker } from './start-worker.js'

interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Gets what the call reports; which kind that is depends on the call. */
  readonly onProgress?: ((progress: never) => void) | undefined
}

interface Pending {
  readonly resolve: (result: unknown) => void
  readonly reject: (reason: unknown) => void
  readonly onProgress: CallOptions['onProgress']
}

export class WorkerCalls {
  #port: Port | undefined
  #next = 0
  #failure: TokenizerWorkerError | undefined
  readonly #pending = new Map<number, Pending>()

  static async start(create: CreateWorker | undefined): Promise<WorkerCalls> {
    const calls = new WorkerCalls()
    try {
      calls.#port = await startWorker(create, {
        onReply: (reply) => calls.#take(reply),
        onFailure: (reason) => calls.#fail(`the worker has failed: ${reason}. Make a new one.`),
      })
    } catch (cause) {
      throw new TokenizerWorkerError(`the worker cannot be started: ${String(cause)}. Pass one as { worker }.`, {
        cause,
      })
    }
    calls.#port.keepAlive(false)
    return calls
  }

  async call<K extends CallName>(
    call: K,
    input: Parameters<Calls[K]>,
    { signal, onProgress }: CallOptions = {},
  ): Promise<ReturnType<Calls[K]>> {
    signal?.throwIfAborted()
    if (this.#failure !== undefined) throw this.#failure
    const id = this.#next++
    const abort = (): void => {
      this.#port!.post({ id, abort: true })
      this.#end(id)?.reject(signal!.reason)
    }
    const result = new Promise<unknown>((resolve, reject) => this.#pending.set(id, { resolve, reject, onProgress }))
    try {
      this.#port!.keepAlive(true)
      this.#port!.post({ id, call, input })
      signal?.addEventListener('abort', abort, { once: true })
      return (await result) as ReturnType<Calls[K]>
    } finally {
      signal?.removeEventListener('abort', abort)
      this.#end(id)
    }
  }

  dispose(): void {
    this.#fail('the tokenizer is disposed. Make a new one.')
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  // an aborted call may still answer: nobody waits for it
  #take(reply: Reply): void {
    if ('progress' in reply) {
      const report = this.#pending.get(reply.id)?.onProgress as ((progress: WorkerProgress) => void) | undefined
      return report?.(reply.progress)
    }
    const pending = this.#end(reply.id)
    if ('error' in reply) pending?.reject(fromSent(reply.error))
    else pending?.resolve(reply.result)
  }

  #end(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    if (this.#pending.size === 0) this.#port!.keepAlive(false)
    return pending
  }

  #fail(message: string): void {
    if (this.#failure !== undefined) return
    this.#failure = new TokenizerWorkerError(message)
    this.#port?.terminate()
    for (const { reject } of this.#pending.values()) reject(this.#failure)
    this.#pending.clear()
  }
}
