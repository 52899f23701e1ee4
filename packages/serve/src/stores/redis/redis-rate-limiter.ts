/** Budgets that several gateways share, by the clock of the server. */
import { randomUUID } from 'node:crypto'
import { tightest } from '../../edge/memory-rate-limiter.js'
import type { Budget, Kind, Level, RateLimiter, Taken, Use } from '../../edge/rate-limiter.js'
import { GIVE_BACK, TAKE } from './rate-scripts.js'
import { RedisLink, type Script } from './redis-link.js'

export interface RedisRateLimiterOptions {
  /** `redis[s]://[[username][:password]@][host][:port][/db-number]` */
  readonly url: string
  /** What all keys begin with. Default `retnet`. */
  readonly prefix?: string
  /** Milliseconds after which texts of a gateway that is not heard of are given up: as long as a request may take. Default 3,600,000. */
  readonly textsMs?: number
  /** Milliseconds that one answer may take, and the first connection; default 2,000. */
  readonly timeoutMs?: number
  /** Milliseconds that a lost server may take to come back before calls fail; default 5,000. */
  readonly retryMs?: number
}

/** Throws StoreError('unavailable') if the server does not answer. */
export async function redisRateLimiter(options: RedisRateLimiterOptions): Promise<RateLimiter> {
  const { url, prefix = 'retnet', textsMs = 3_600_000, timeoutMs = 2000, retryMs = 5000 } = options
  const link = await RedisLink.open({ url, connectTimeoutMs: timeoutMs, timeoutMs, retryMs })
  link.join()
  return new RedisRateLimiter(link, prefix, textsMs)
}

class RedisRateLimiter implements RateLimiter {
  readonly #link: RedisLink
  readonly #prefix: string
  readonly #textsMs: number

  constructor(link: RedisLink, prefix: string, textsMs: number) {
    this.#link = link
    this.#prefix = prefix
    this.#textsMs = textsMs
  }

  async take(budgets: readonly Budget[], use: Use, id: string): Promise<Taken> {
    const [missing, retryMs, ...levels] = (await this.#run(TAKE, budgets, use, id)) as string[]
    return {
      missing: missing === '' ? null : { kind: missing as Kind, retryMs: Number(retryMs) },
      levels: tightest(levelsOf(levels)),
    }
  }

  async giveBack(budgets: readonly Budget[], use: Use, id: string): Promise<void> {
    await this.#run(GIVE_BACK, budgets, use, id)
  }

  async close(): Promise<void> {
    this.#link.leave()
  }

  /** A budget stands with those that are counted with it, those of its tenant: scripts of a cluster must find all keys in one place. */
  #run(script: Script, budgets: readonly Budget[], { requests, tokens, texts }: Use, id: string): Promise<unknown> {
    const tag = `${this.#prefix}:limit:{${encodeURIComponent(budgets.at(-1)?.id ?? '')}}`
    const own = budgets.flatMap((budget) => {
      return ['levels', 'texts'].map((part) => `${tag}:${encodeURIComponent(budget.id)}:${part}`)
    })
    const limits = budgets.flatMap((budget) => [budget.requestsPerMinute, budget.tokensPerMinute, budget.texts])
    const args = [requests, tokens, texts, id, this.#textsMs, ...limits.map((limit) => limit ?? -1)]
    // each call once, however often its answer is lost
    return this.#link.run(script, [...own, `${tag}:once:${randomUUID()}`], args)
  }
}

function levelsOf(flat: readonly (string | number)[]): Level[] {
  return Array.from({ length: flat.length / 4 }, (_, at) => {
    const [kind, limit, remaining, resetMs] = flat.slice(4 * at, 4 * at + 4)
    return { kind: kind as Kind, limit: Number(limit), remaining: Number(remaining), resetMs: Number(resetMs) }
  })
}
