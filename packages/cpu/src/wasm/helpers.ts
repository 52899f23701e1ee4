/** Starts and stops the helper threads. They hold no event loop open and die with the process. */
import type * as WorkerThreads from 'node:worker_threads'
import { workerSource } from './worker-source.js'

export interface Helper {
  terminate(): void
}

interface HelperData {
  readonly module: WebAssembly.Module
  readonly memory: WebAssembly.Memory
  readonly thread: number
  /** Index of the word that a failing thread sets. */
  readonly failed: number
}

/** One helper for each thread number from 1 to threads - 1; resolves when all have reached their waiting loop. */
export async function startHelpers(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  threads: number,
  failed: number,
): Promise<Helper[]> {
  const start = isNode() ? await nodeStarter() : startInBrowser
  const data = Array.from({ length: threads - 1 }, (_, index) => ({ module, memory, thread: index + 1, failed }))
  const started = await Promise.allSettled(data.map(start))
  const helpers = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failure = started.find((result) => result.status === 'rejected')
  if (!failure) return helpers
  for (const helper of helpers) helper.terminate()
  throw failure.reason
}

export function isNode(): boolean {
  return typeof process === 'object' && Boolean(process.versions?.node)
}

async function nodeStarter(): Promise<(data: HelperData) => Promise<Helper>> {
  // Not a literal, so that bundlers for browsers leave it alone.
  const builtin = 'node:worker_threads'
  const { Worker } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ builtin)) as typeof WorkerThreads
  return (data) =>
    new Promise((resolve, reject) => {
      const worker = new Worker(workerSource, { eval: true, execArgv: [], workerData: data })
      worker.once('error', reject)
      worker.once('message', () => {
        worker.off('error', reject)
        // A failure later sets the shared word; without a listener it would end the process.
        worker.on('error', () => {})
        worker.unref()
        resolve({ terminate: () => void worker.terminate() })
      })
    })
}

function startInBrowser(data: HelperData): Promise<Helper> {
  return new Promise((resolve, reject) => {
    const url = URL.createObjectURL(new Blob([workerSource], { type: 'text/javascript' }))
    const worker = new Worker(url)
    const settle = () => URL.revokeObjectURL(url)
    worker.addEventListener('error', (event) => {
      settle()
      reject(new Error(`worker: ${event.message || 'could not be started (content security policy?)'}`))
    })
    worker.addEventListener('message', () => {
      settle()
      resolve({ terminate: () => worker.terminate() })
    })
    worker.postMessage(data)
  })
}
