import { closedError } from '../common/closed.js'
import type { AppendOptions, Json, Lease, LogContent, LogStatus, TokenLog } from '../contract.js'
import { FencedError, LogGoneError, LogOrderError } from '../errors.js'
import { FORGOTTEN_MS } from '../memory/memory-log.js'
import type { Keys } from './keys.js'
import { APPEND, CANCEL, OPEN, REACHED } from './log-scripts.js'
import { type RedisLink, waitFor } from './redis-link.js'

const PAGE = 500

type Fields = [length: string | null, closed: string | null, reached: string | null, cancelled: string | null]
type Chunks = [id: string, fields: [name: string, json: string]][]

/**
 * A log is a hash with where it ends, and a stream with one element for each append: its id is the index past the entries in it. What
 * is published says only that there is news, for notices can be lost.
 */
export class RedisLog implements TokenLog {
  readonly #link: RedisLink
  readonly #keys: Keys
  readonly #callbacks = new Set<(turn: string) => void>()
  #closed = false

  private constructor(link: RedisLink, keys: Keys) {
    link.join()
    this.#link = link
    this.#keys = keys
  }

  static async open(link: RedisLink, keys: Keys): Promise<RedisLog> {
    const log = new RedisLog(link, keys)
    await link.listen(keys.cancelled, (turn) => {
      for (const callback of log.#callbacks) callback(turn)
    })
    return log
  }

  async open(scope: string, turn: string, ttlMs: number): Promise<void> {
    await this.#live().run(OPEN, this.#pair(scope, turn), [ttlMs])
  }

  async append(
    { scope, epoch, token }: Lease,
    turn: string,
    index: number,
    entries: readonly Json[],
    { ttlMs, last }: AppendOptions,
  ): Promise<LogStatus> {
    const json = JSON.stringify(entries)
    const keys = [this.#keys.lease(scope), ...this.#pair(scope, turn)]
    const args = [token, epoch, Math.ceil(ttlMs), index, entries.length, json, last?.keepMs ?? -1, FORGOTTEN_MS]
    const answer = await this.#live().run(APPEND, keys, [...args, this.#keys.grown(scope)])
    const [what, ...numbers] = answer as [string, ...number[]]
    if (what === 'fenced') throw new FencedError(scope, epoch)
    if (what === 'order') throw new LogOrderError(turn, index, numbers[0] < 0 ? 'closed' : numbers[0])
    return { reached: numbers[0], cancelled: numbers[1] === 1 }
  }

  async read(scope: string, turn: string, from = 0): Promise<LogContent> {
    const { fields, entries } = await this.#read(scope, turn, from)
    const [length, closed, reached, cancelled] = fields
    if (length === null) return { entries: [], closed: false, reached: 0, cancelled: false }
    return { entries, closed: closed === '1', reached: Number(reached), cancelled: cancelled === '1' }
  }

  async *follow(scope: string, turn: string, from: number, signal?: AbortSignal): AsyncGenerator<readonly Json[]> {
    await this.#mustExist(scope, turn)
    const { bell, stop } = await this.#live().hear(this.#keys.grown(scope))
    try {
      for (let at = from; ;) {
        if (signal?.aborted) return
        const seen = bell.rings
        const { fields, entries } = await this.#read(scope, turn, at, { page: PAGE, expired: true })
        at += entries.length
        if (entries.length > 0) yield entries
        else if (fields[0] === null) throw new LogGoneError(turn)
        else if (fields[1] === '1') return
        else await waitFor(bell, seen, signal)
      }
    } finally {
      stop()
    }
  }

  async reached(scope: string, turn: string, index: number): Promise<void> {
    await this.#live().run(REACHED, [this.#keys.log(scope, turn)], [index])
  }

  async cancel(scope: string, turn: string): Promise<void> {
    await this.#live().run(CANCEL, this.#pair(scope, turn), [FORGOTTEN_MS, this.#keys.cancelled, turn])
  }

  onCancel(callback: (turn: string) => void): () => void {
    const own = (turn: string): void => callback(turn)
    this.#callbacks.add(own)
    return () => this.#callbacks.delete(own)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#callbacks.clear()
    this.#link.leave()
  }

  async #mustExist(scope: string, turn: string): Promise<void> {
    const { fields } = await this.#read(scope, turn, 0, { page: 1 })
    if (fields[0] === null) throw new LogGoneError(turn)
  }

  /** The hash is read first: if it says closed, the entries after it are all there are. */
  async #read(
    scope: string,
    turn: string,
    from: number,
    { page = 0, expired = false } = {},
  ): Promise<{ fields: Fields; entries: Json[] }> {
    const [log, stream] = this.#pair(scope, turn)
    const count = page > 0 ? ['COUNT', String(page)] : []
    const [time, hash, chunks] = await this.#live().pipeline(
      ['TIME'],
      ['HMGET', log, 'length', 'closed', 'reached', 'cancelled', 'expires'],
      ['XRANGE', stream, String(from + 1), '+', ...count],
    )
    const [expires] = (hash as (string | null)[]).slice(4)
    const isOver = expires === null || (!expired && Number(expires) <= milliseconds(time as [string, string]))
    if (isOver) return { fields: [null, null, null, null], entries: [] }
    return { fields: (hash as string[]).slice(0, 4) as Fields, entries: unpack(chunks as Chunks, from) }
  }

  #pair(scope: string, turn: string): [string, string] {
    return [this.#keys.log(scope, turn), this.#keys.entries(scope, turn)]
  }

  #live(): RedisLink {
    if (this.#closed) throw closedError('log')
    return this.#link
  }
}

function milliseconds([seconds, microseconds]: [string, string]): number {
  return Number(seconds) * 1000 + Number(microseconds) / 1000
}

function unpack(chunks: Chunks, from: number): Json[] {
  return chunks.flatMap(([id, [, json]]) => {
    const entries = JSON.parse(json) as Json[]
    return entries.slice(Math.max(0, from - Number.parseInt(id, 10) + entries.length))
  })
}
