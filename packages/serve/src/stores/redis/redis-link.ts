import { createHash } from 'node:crypto'
import { Bell } from '../common/bell.js'
import { closedError } from '../common/closed.js'
import { type ConnectOptions, type Connection, connect } from './connect.js'
import { fromRedis, mayPass } from './redis-error.js'

export interface Script {
  readonly source: string
  readonly hash: string
}

/** One that a server without memory runs too: it frees some, or lets others come to an end. */
export function alwaysScript(source: string): Script {
  return script(`#!lua flags=allow-oom\n${source}`)
}

export function script(source: string): Script {
  return { source, hash: createHash('sha1').update(source).digest('hex') }
}

export interface LinkOptions extends ConnectOptions {
  /** Milliseconds that one answer may take. */
  readonly timeoutMs: number
  /** Milliseconds after which what could not be done is given up. */
  readonly retryMs: number
}

const PAUSE_MS = 50
// notices get lost with a connection; who waits looks by itself this often
const LOOK_MS = 1000

interface Heard {
  readonly bell: Bell
  users: number
  ready: Promise<void>
}

/**
 * The way to the server that the stores of one process share. Every command may be repeated without harm, so that one whose answer was
 * lost is sent again, up to `retryMs`. Throws StoreError.
 */
export class RedisLink {
  readonly #options: LinkOptions
  readonly #connection: Connection
  readonly #heard = new Map<string, Heard>()
  /** The client forgets who subscribes to a channel while it is leaving it. */
  readonly #leaving = new Map<string, Promise<void>>()
  #users = 0
  #closed = false

  private constructor(options: LinkOptions, connection: Connection) {
    this.#options = options
    this.#connection = connection
  }

  static async open(options: LinkOptions): Promise<RedisLink> {
    return new RedisLink(options, await connect(options))
  }

  join(): void {
    this.#users += 1
  }

  /** The connection ends with the last store. */
  leave(): void {
    this.#users -= 1
    this.#closed = this.#users === 0
    if (this.#closed) this.#connection.destroy()
    for (const { bell } of this.#heard.values()) bell.ring()
  }

  run({ hash, source }: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args.map(String)]
    return this.#retry(async () => {
      try {
        return await this.#send(['EVALSHA', hash, ...rest])
      } catch (error) {
        if (!(error as Error).message.startsWith('NOSCRIPT')) throw error
        return this.#send(['EVAL', source, ...rest])
      }
    })
  }

  /** Several commands in one packet, answered in their order. */
  pipeline(...commands: readonly (readonly string[])[]): Promise<unknown[]> {
    return this.#retry(() => Promise.all(commands.map((command) => this.#send(command))))
  }

  /** A bell that rings when anyone publishes there. It rings late or not at all while the connection is lost: wait with `wait`. */
  async hear(channel: string): Promise<{ readonly bell: Bell; readonly stop: () => void }> {
    const known = this.#heard.get(channel) ?? this.#subscribe(channel)
    known.users += 1
    const stop = (): void => {
      known.users -= 1
      if (known.users > 0) return
      this.#heard.delete(channel)
      this.#unsubscribe(channel)
    }
    try {
      await this.#retry(() => this.#timely(known.ready))
    } catch (error) {
      stop()
      throw error
    }
    return { bell: known.bell, stop }
  }

  async listen(channel: string, callback: (message: string) => void): Promise<void> {
    await this.#timely(this.#connection.subscribe(channel, callback))
  }

  #subscribe(channel: string): Heard {
    const bell = new Bell()
    const subscribe = (): Promise<void> => this.#connection.subscribe(channel, () => bell.ring())
    const heard = { bell, users: 0, ready: this.#leaving.get(channel)?.then(subscribe) ?? subscribe() }
    heard.ready.catch(() => {})
    this.#heard.set(channel, heard)
    return heard
  }

  #unsubscribe(channel: string): void {
    const gone = this.#connection
      .unsubscribe(channel)
      .catch(() => {})
      .finally(() => this.#leaving.delete(channel))
    this.#leaving.set(channel, gone)
  }

  async #retry<T>(work: () => Promise<T>): Promise<T> {
    const until = performance.now() + this.#options.retryMs
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (this.#closed) throw closedError('store')
        if (!mayPass(error) || performance.now() > until) throw fromRedis(error)
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      }
    }
  }

  #send(command: readonly string[]): Promise<unknown> {
    return this.#timely(this.#connection.send(command))
  }

  async #timely<T>(answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_, reject) => {
      const { timeoutMs } = this.#options
      timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    })
    try {
      return await Promise.race([answer, late])
    } finally {
      clearTimeout(timer)
    }
  }
}

/** Until the bell has rung since it had rung `seen` times, the signal fires, or `ms` have passed. */
export async function waitFor(bell: Bell, seen: number, signal?: AbortSignal, ms = LOOK_MS): Promise<void> {
  if (bell.rings !== seen || signal?.aborted) return
  const timer = setTimeout(() => bell.ring(), Math.min(ms, LOOK_MS))
  await bell.wait(signal)
  clearTimeout(timer)
}
