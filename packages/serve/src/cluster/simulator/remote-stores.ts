import type { ClaimOptions, Json, Stores, TokenLog } from '../../stores/contract.js'
import type { Scheduler } from './scheduler.js'
import type { SimProcess } from './process.js'

/** The stores as a process reaches them over a network: every call takes time, and may be the last that the process made. */
export function remoteStores(stores: Stores, process: SimProcess, scheduler: Scheduler): Stores {
  const { queue, leases, log, states } = stores
  return {
    queue: {
      ...remote(queue, ['push', 'extend', 'finish', 'giveBack', 'bury', 'find', 'status', 'close'], process),
      claim: (options) =>
        withSignal(process, options.signal, (signal) => claim(stores, process, { ...options, signal })),
    },
    leases: remote(leases, ['acquire', 'renew', 'release', 'close'], process),
    log: {
      ...remote(log, ['open', 'append', 'read', 'reached', 'cancel', 'close'], process),
      follow: (scope, turn, from, signal) => follow(log, process, { scope, turn, from, signal }),
      onCancel: (callback) => log.onCancel((turn) => scheduler.at(1, () => process.deliver(() => callback(turn)))),
    },
    states: remote(states, ['put', 'get', 'delete', 'list', 'close'], process),
  }
}

/** For the trace: the call, and what it is about. */
function labelOf(name: string, args: readonly unknown[]): string {
  const words = args.flatMap((arg) => {
    if (typeof arg === 'string' || typeof arg === 'number') return [String(arg)]
    const { scope, key } = (arg ?? {}) as { scope?: string; key?: string }
    return scope ?? key ?? []
  })
  return [name, ...words].join(' ')
}

type Calls<S> = { [K in keyof S]: S[K] extends (...args: never[]) => Promise<unknown> ? S[K] : never }

function remote<S, const K extends keyof Calls<S>>(store: S, names: readonly K[], process: SimProcess): Pick<S, K> {
  const all = names.map((name) => {
    const call = (...args: unknown[]): Promise<unknown> =>
      process.call(labelOf(String(name), args), () =>
        (store[name] as (...all: unknown[]) => Promise<unknown>).apply(store, args),
      )
    return [name, call]
  })
  return Object.fromEntries(all) as Pick<S, K>
}

function claim({ queue }: Stores, process: SimProcess, options: ClaimOptions): ReturnType<typeof queue.claim> {
  return process.call('claim', () => queue.claim(options))
}

async function* follow(
  log: TokenLog,
  process: SimProcess,
  { scope, turn, from, signal }: { scope: string; turn: string; from: number; signal: AbortSignal | undefined },
): AsyncGenerator<readonly Json[]> {
  const connection = new AbortController()
  const end = (): void => connection.abort()
  const release = process.onKill(end)
  signal?.addEventListener('abort', end)
  if (signal?.aborted) end()
  const entries = log.follow(scope, turn, from, connection.signal)[Symbol.asyncIterator]()
  try {
    for (;;) {
      const { done, value } = await process.call('follow', () => entries.next())
      if (done) return
      yield value
    }
  } finally {
    end()
    release()
    signal?.removeEventListener('abort', end)
  }
}

/** Ends the wait at the store when the process is killed, as the end of its connection would. */
async function withSignal<T>(
  process: SimProcess,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const connection = new AbortController()
  const end = (): void => connection.abort()
  const release = process.onKill(end)
  outer?.addEventListener('abort', end)
  if (outer?.aborted) end()
  try {
    return await work(connection.signal)
  } finally {
    release()
    outer?.removeEventListener('abort', end)
  }
}
