import { ServeArgumentError } from '../../errors.js'
import { StoreError } from '../errors.js'

/** What is needed of a client: one connection for commands, one for what others publish. */
export interface Connection {
  send(command: readonly string[]): Promise<unknown>
  subscribe(channel: string, listener: (message: string) => void): Promise<void>
  unsubscribe(channel: string): Promise<void>
  destroy(): void
}

export interface ConnectOptions {
  readonly url: string
  readonly connectTimeoutMs: number
}

const LONGEST_PAUSE_MS = 500
const PING_MS = 1000
// a server that answers no ping for so long is as good as gone: a new connection may reach another
const SILENCE_MS = 5000

/** Connects to Redis or Valkey with `@redis/client`, and again whenever the connection is lost. */
export async function connect({ url, connectTimeoutMs }: ConnectOptions): Promise<Connection> {
  requireRedis(url)
  const { createClient } = await loadClient()
  const commands = createClient({
    url,
    // what cannot be sent fails at once, and is tried again by who knows until when
    disableOfflineQueue: true,
    pingInterval: PING_MS,
    socket: {
      connectTimeout: connectTimeoutMs,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (retries) => Math.min(LONGEST_PAUSE_MS, 20 * 2 ** retries),
    },
  })
  const subscriber = commands.duplicate({ disableOfflineQueue: false })
  // each command tells of its own failure; only those of the first connection have none
  const last: { error?: Error } = {}
  for (const client of [commands, subscriber]) client.on('error', (error: Error) => (last.error = error))
  const destroy = (): void => {
    for (const client of [commands, subscriber]) if (client.isOpen) client.destroy()
  }
  await firstConnect(Promise.all([commands.connect(), subscriber.connect()]), connectTimeoutMs, last, destroy)
  return {
    send: (command) => commands.sendCommand(command),
    subscribe: (channel, listener) => subscriber.subscribe(channel, listener),
    unsubscribe: (channel) => subscriber.unsubscribe(channel),
    destroy,
  }
}

// the client itself would try for ever
async function firstConnect(
  connecting: Promise<unknown>,
  ms: number,
  last: { readonly error?: Error },
  destroy: () => void,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no connection within ${ms} ms`)), ms)
  })
  connecting.catch(() => {})
  try {
    await Promise.race([connecting, late])
  } catch (cause) {
    destroy()
    const why = last.error ? `: ${wordsOf(last.error)}` : ''
    const fix = 'Check its URL, and that it is running.'
    throw new StoreError('unavailable', `redis: ${(cause as Error).message}${why}.`, { cause, fix })
  } finally {
    clearTimeout(timer)
  }
}

// the URL may hold a password, and is not shown
function requireRedis(url: string): void {
  if (URL.canParse(url) && /^rediss?:$/.test(new URL(url).protocol)) return
  const form = 'redis[s]://[[username][:password]@][host][:port][/db-number]'
  throw new ServeArgumentError('url', form, URL.canParse(url) ? new URL(url).protocol : 'something else')
}

/** A host with several addresses fails with several errors, and no message. */
function wordsOf(error: Error): string {
  return error.message.replace(/\.$/, '') || ((error as NodeJS.ErrnoException).code ?? error.name)
}

async function loadClient() {
  try {
    return await import('@redis/client')
  } catch (cause) {
    const fix = 'Install it: npm install @redis/client'
    throw new StoreError('unavailable', 'redis: the package @redis/client is missing.', { cause, fix })
  }
}
