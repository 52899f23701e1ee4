/** Budgets that several gateways share, by the clock of the server. */
import { randomUUID } from 'node:crypto'
import { tightest } from '../../edge/memory-rate-limiter.js'
import type { Budget, Kind, Level, RateLimiter, Taken, Use } from '../../edge/rate-limiter.js'
import { GIVE_BACK, RENEW, TAKE } from './rate-scripts.js'
import { RedisLink, type Script } from './redis-link.js'

export interface RedisRateLimiterOptions {
  /** `redis[s]://[[username][:password]@][host][:port][/db-number]` */
  readonly url: string
  /** What all keys begin with. Default `retnet`. */
  readonly prefix?: string
  /** Milliseconds after which texts of a gateway that is not heard of are free; it tells of them three times as often. Default 30,000. */
  readonly textsMs?: number
  /** Milliseconds that one answer may take, and the first connection; default 2,000. */
  readonly timeoutMs?: number
  /** Milliseconds that a lost server may take to come back before calls fail; default 5,000. */
  readonly retryMs?: number
}

/** Throws StoreError('unavailable') if the server does not answer. */
export async function redisRateLimiter(options: RedisRateLimiterOptions): Promise<RateLimiter> {
  const { url, prefix = 'retnet', textsMs = 30_000, timeoutMs = 2000, retryMs = 5000 } = options
  const link = await RedisLink.open({ url, connectTimeoutMs: timeoutMs, timeoutMs, retryMs })
  link.join()
  return new RedisRateLimiter(link, prefix, textsMs)
}

/** Texts that this process holds for a request, and the sets that they are in. */
interface Held {
  readonly sets: readonly string[]
  readonly texts: readonly string[]
}

class RedisRateLimiter implements RateLimiter {
  readonly #link: RedisLink
  readonly #prefix: string
  readonly #textsMs: number
  readonly #held = new Map<string, Held>()
  readonly #timer: NodeJS.Timeout

  constructor(link: RedisLink, prefix: string, textsMs: number) {
    this.#link = link
    this.#prefix = prefix
    this.#textsMs = textsMs
    this.#timer = setInterval(() => void this.#renew(), textsMs / 3).unref()
  }

  async take(budgets: readonly Budget[], use: Use, id: string): Promise<Taken> {
    const [missing, retryMs, ...levels] = (await this.#run(TAKE, budgets, use, id)) as string[]
    if (missing === '' && use.texts > 0) this.#hold(budgets, use.texts, id)
    return {
      missing: missing === '' ? null : { kind: missing as Kind, retryMs: Number(retryMs) },
      levels: tightest(levelsOf(levels)),
    }
  }

  async giveBack(budgets: readonly Budget[], use: Use, id: string): Promise<void> {
    if (use.texts > 0) this.#held.delete(id)
    await this.#run(GIVE_BACK, budgets, use, id)
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#link.leave()
  }

  #hold(budgets: readonly Budget[], count: number, id: string): void {
    const limited = budgets.filter(({ texts }) => texts !== undefined)
    if (limited.length === 0) return
    const tag = this.#tagOf(budgets)
    const sets = limited.map((budget) => keyOf(tag, budget, 'texts'))
    this.#held.set(id, { sets, texts: Array.from({ length: count }, (_, at) => `${id}:${at + 1}`) })
  }

  /** What fails now is told again the next time, or given up. */
  async #renew(): Promise<void> {
    const told = [...this.#held.values()].map(({ sets, texts }) =>
      this.#link.run(RENEW, sets, [this.#textsMs, ...texts]),
    )
    await Promise.allSettled(told)
  }

  /** A budget stands with those that are counted with it, those of its tenant: scripts of a cluster must find all keys in one place. */
  #tagOf(budgets: readonly Budget[]): string {
    return `${this.#prefix}:limit:{${encodeURIComponent(budgets.at(-1)?.id ?? '')}}`
  }

  #run(script: Script, budgets: readonly Budget[], { requests, tokens, texts }: Use, id: string): Promise<unknown> {
    const tag = this.#tagOf(budgets)
    const own = budgets.flatMap((budget) => ['levels', 'texts'].map((part) => keyOf(tag, budget, part)))
    const limits = budgets.flatMap((budget) => [budget.requestsPerMinute, budget.tokensPerMinute, budget.texts])
    const args = [requests, tokens, texts, id, this.#textsMs, ...limits.map((limit) => limit ?? -1)]
    // each call once, however often its answer is lost
    return this.#link.run(script, [...own, `${tag}:once:${randomUUID()}`], args)
  }
}

function keyOf(tag: string, { id }: Budget, part: string): string {
  return `${tag}:${encodeURIComponent(id)}:${part}`
}

function levelsOf(flat: readonly (string | number)[]): Level[] {
  return Array.from({ length: flat.length / 4 }, (_, at) => {
    const [kind, limit, remaining, resetMs] = flat.slice(4 * at, 4 * at + 4)
    return { kind: kind as Kind, limit: Number(limit), remaining: Number(remaining), resetMs: Number(resetMs) }
  })
}
