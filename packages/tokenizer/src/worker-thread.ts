/** The program of the worker, in browsers and in Node. It is started by `start-worker.ts` and exports nothing. */
import type * as WorkerThreads from 'node:worker_threads'
import type { Request } from './worker/messages.js'
import { serve } from './worker/serve.js'

interface BrowserScope {
  postMessage?: (message: unknown, transfer: ArrayBuffer[]) => void
  addEventListener?: (type: 'message', listener: (event: { readonly data: Request }) => void) => void
}

const scope = globalThis as unknown as BrowserScope
if (typeof scope.postMessage === 'function') {
  const take = serve((reply, transfer) => scope.postMessage!(reply, transfer))
  scope.addEventListener!('message', ({ data }) => take(data))
} else {
  // not a literal, so that bundlers for browsers leave it alone
  const builtin = 'node:worker_threads'
  const { parentPort } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ builtin)) as typeof WorkerThreads
  parentPort!.on(
    'message',
    serve((reply, transfer) => parentPort!.postMessage(reply, transfer)),
  )
}
