/** Counts one request against the budgets of its caller: the request when it comes, its texts and tokens before they begin. */
import { ApiError } from '../api/api-error.js'
import type { Budget, Level, RateLimiter, Taken } from './rate-limiter.js'

export class Admission {
  readonly #limiter: RateLimiter
  readonly #budgets: readonly Budget[]
  readonly #id = crypto.randomUUID()
  #texts = 0
  #hasEnded = false
  #tokens = 0
  #rest: (() => Promise<number | null>) | null = null
  /** As the last look at the budgets found them. */
  levels: readonly Level[] = []

  constructor(limiter: RateLimiter, budgets: readonly Budget[]) {
    this.#limiter = limiter
    this.#budgets = budgets
  }

  /** The request itself. Throws a 429. One without a token left is refused here, before its body is read. */
  async enter(): Promise<void> {
    if (this.#budgets.length === 0) return
    this.#check(await this.#limiter.take(this.#budgets, { requests: 1, tokens: 0, texts: 0 }, this.#id))
    const tokens = this.levels.find(({ kind }) => kind === 'tokens')
    if (tokens && tokens.remaining === 0) throw this.#refusal('tokens', 60_000 / tokens.limit)
  }

  /** Texts that are about to begin, and the most tokens that they may come to. Throws a 429, or a 400 if they never fit. */
  async begin(texts: number, tokens: number): Promise<void> {
    if (this.#budgets.length === 0) return
    this.#requireFit('tokens', tokens, (budget) => budget.tokensPerMinute)
    this.#requireFit('texts', texts, (budget) => budget.texts)
    this.#check(await this.#limiter.take(this.#budgets, { requests: 0, tokens, texts }, this.#id))
    this.#texts += texts
    this.#tokens += tokens
    // its client went while this was taken
    if (this.#hasEnded) await this.end(0)
  }

  /** Its texts may go on when the request has ended: `rest` waits for their end, and gives all tokens used, or null if they have ended. */
  outlive(rest: () => Promise<number | null>): void {
    this.#rest = rest
  }

  /** The request has ended; of its tokens `used` were used. Never throws: what cannot be given back is free after its time. */
  async end(used: number): Promise<void> {
    this.#hasEnded = true
    if (this.#texts === 0 && this.#tokens === 0) return
    const [texts, tokens] = [this.#texts, this.#tokens]
    this.#texts = this.#tokens = 0
    // of texts whose end nobody knows all tokens count
    const all = this.#rest ? await this.#rest().catch(() => tokens) : null
    const rest = { requests: 0, tokens: Math.max(0, tokens - (all ?? used)), texts }
    await this.#limiter.giveBack(this.#budgets, rest, this.#id).catch(() => {})
  }

  #requireFit(what: string, amount: number, limitOf: (budget: Budget) => number | undefined): void {
    const least = Math.min(...this.#budgets.map((budget) => limitOf(budget) ?? Infinity))
    if (amount <= least) return
    const message = `The request may come to ${amount} ${what}, and this key may use ${least}. Ask for less.`
    throw new ApiError(400, 'request_too_large', message, what === 'tokens' ? 'max_tokens' : 'n')
  }

  #check({ missing, levels }: Taken): void {
    this.levels = levels
    if (missing) throw this.#refusal(missing.kind, missing.retryMs)
  }

  #refusal(kind: string, retryMs: number): ApiError {
    const seconds = Math.max(1, Math.ceil(retryMs / 1000))
    const message = `The rate limit of ${kind} is reached. Try again in ${seconds} s.`
    return new ApiError(429, 'rate_limit_exceeded', message, null, { 'retry-after': `${seconds}` })
  }
}
