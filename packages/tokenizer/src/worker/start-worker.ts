/** A worker as a port, the same for the workers of browsers and of Node. */
import type * as WorkerThreads from 'node:worker_threads'
import type { Reply, Request } from './messages.js'

export interface Port {
  post(request: Request): void
  /** Whether the worker keeps a Node process alive. */
  keepAlive(needed: boolean): void
  terminate(): void
}

export interface Listeners {
  readonly onReply: (reply: Reply) => void
  readonly onFailure: (reason: string) => void
}

type AnyWorker = Worker | WorkerThreads.Worker

/** Makes the worker: for bundlers, security policies and tests that want it otherwise. */
export type CreateWorker = () => AnyWorker | Promise<AnyWorker>

export async function startWorker(create: CreateWorker | undefined, listeners: Listeners): Promise<Port> {
  const worker = await (create ?? createWorker)()
  return 'addEventListener' in worker ? browserPort(worker, listeners) : nodePort(worker, listeners)
}

async function createWorker(): Promise<AnyWorker> {
  if (typeof Worker === 'function') {
    // bundlers look for these very words
    return new Worker(new URL('./worker-thread.js', import.meta.url), { type: 'module' })
  }
  const builtin = 'node:worker_threads'
  const threads = (await import(/* @vite-ignore */ /* webpackIgnore: true */ builtin)) as typeof WorkerThreads
  return new threads.Worker(new URL('./worker-thread.js', import.meta.url), { execArgv: [] })
}

function browserPort(worker: Worker, { onReply, onFailure }: Listeners): Port {
  worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => onReply(data))
  worker.addEventListener('error', ({ message }) => onFailure(message || 'it could not be started'))
  return { post: (request) => worker.postMessage(request), keepAlive: () => {}, terminate: () => worker.terminate() }
}

function nodePort(worker: WorkerThreads.Worker, { onReply, onFailure }: Listeners): Port {
  worker.on('message', onReply)
  worker.on('error', (error: Error) => onFailure(error.message))
  worker.on('exit', () => onFailure('it has ended'))
  return {
    post: (request) => worker.postMessage(request),
    keepAlive: (needed) => (needed ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  }
}
