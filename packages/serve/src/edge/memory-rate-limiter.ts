/** Budgets of one process. */
import { Bucket } from './bucket.js'
import type { Budget, Kind, Level, RateLimiter, Taken, Use } from './rate-limiter.js'

interface Account {
  readonly requests?: Bucket
  readonly tokens?: Bucket
  readonly texts?: { readonly limit: number; used: number }
}

/** Accounts that are kept; those in which nothing is missing are forgotten first, then the ones not used for longest. */
const maxAccounts = 100_000
const textRetryMs = 1000

export interface MemoryRateLimiterOptions {
  /** Milliseconds of a clock that is never set. Default `performance.now`. */
  readonly now?: () => number
}

export class MemoryRateLimiter implements RateLimiter {
  readonly #now: () => number
  /** The one used last is the last. */
  readonly #accounts = new Map<string, Account>()

  constructor({ now = () => performance.now() }: MemoryRateLimiterOptions = {}) {
    this.#now = now
  }

  async take(budgets: readonly Budget[], use: Use): Promise<Taken> {
    const now = this.#now()
    const accounts = budgets.map((budget) => this.#accountOf(budget, now))
    const missing = accounts.flatMap((account) => missingIn(account, use, now))
    if (missing.length === 0) for (const account of accounts) change(account, use, now, 1)
    const latest = missing.sort((a, b) => b.retryMs - a.retryMs)[0]
    return { missing: latest ?? null, levels: tightest(accounts.flatMap((account) => levelsOf(account, now))) }
  }

  async giveBack(budgets: readonly Budget[], use: Use): Promise<void> {
    const now = this.#now()
    for (const budget of budgets) change(this.#accountOf(budget, now), use, now, -1)
  }

  async close(): Promise<void> {}

  get size(): number {
    return this.#accounts.size
  }

  #accountOf(budget: Budget, now: number): Account {
    const { id } = budget
    const account = this.#accounts.get(id) ?? createAccount(budget, now)
    this.#accounts.delete(id)
    this.#accounts.set(id, account)
    if (this.#accounts.size > maxAccounts) this.#forget(now)
    return account
  }

  #forget(now: number): void {
    for (const [id, account] of this.#accounts) if (isUntouched(account, now)) this.#accounts.delete(id)
    for (const id of this.#accounts.keys()) {
      if (this.#accounts.size <= maxAccounts) return
      this.#accounts.delete(id)
    }
  }
}

function createAccount({ requestsPerMinute, tokensPerMinute, texts }: Budget, now: number): Account {
  return {
    ...(requestsPerMinute !== undefined && { requests: new Bucket(requestsPerMinute, now) }),
    ...(tokensPerMinute !== undefined && { tokens: new Bucket(tokensPerMinute, now) }),
    ...(texts !== undefined && { texts: { limit: texts, used: 0 } }),
  }
}

function isUntouched({ requests, tokens, texts }: Account, now: number): boolean {
  return (texts?.used ?? 0) === 0 && [requests, tokens].every((bucket) => (bucket?.resetMs(now) ?? 0) === 0)
}

function missingIn({ requests, tokens, texts }: Account, use: Use, now: number): { kind: Kind; retryMs: number }[] {
  const found = [
    { kind: 'requests' as const, retryMs: requests?.waitMs(use.requests, now) ?? 0 },
    { kind: 'tokens' as const, retryMs: tokens?.waitMs(use.tokens, now) ?? 0 },
    { kind: 'texts' as const, retryMs: texts && texts.used + use.texts > texts.limit ? textRetryMs : 0 },
  ]
  return found.filter(({ retryMs }) => retryMs > 0)
}

function change({ requests, tokens, texts }: Account, use: Use, now: number, sign: 1 | -1): void {
  requests?.take(sign * use.requests, now)
  tokens?.take(sign * use.tokens, now)
  if (texts) texts.used = Math.max(0, texts.used + sign * use.texts)
}

function levelsOf({ requests, tokens, texts }: Account, now: number): Level[] {
  return [
    ...(requests ? [{ kind: 'requests' as const, ...requests.level(now) }] : []),
    ...(tokens ? [{ kind: 'tokens' as const, ...tokens.level(now) }] : []),
    ...(texts ? [{ kind: 'texts' as const, limit: texts.limit, remaining: texts.limit - texts.used, resetMs: 0 }] : []),
  ]
}

/** Of the levels of each kind, the one with the least left. */
export function tightest(levels: readonly Level[]): Level[] {
  const least = new Map<Kind, Level>()
  for (const level of levels) {
    const before = least.get(level.kind)
    if (!before || level.remaining < before.remaining) least.set(level.kind, level)
  }
  return [...least.values()]
}
