/** What a caller may use: requests and tokens by the minute, and texts at the same time. One process counts in memory, several share it. */

export interface Budget {
  /** Whose it is: of a key, a tenant, an address. */
  readonly id: string
  readonly requestsPerMinute?: number
  readonly tokensPerMinute?: number
  readonly texts?: number
}

export interface Use {
  readonly requests: number
  readonly tokens: number
  readonly texts: number
}

export type Kind = keyof Use

/** Of the budget with the least left. */
export interface Level {
  readonly kind: Kind
  readonly limit: number
  /** 0 or more. */
  readonly remaining: number
  /** Milliseconds until all of it is there again; 0 for texts. */
  readonly resetMs: number
}

export interface Taken {
  /** What is missing, and how many milliseconds until it is there; null if all of it was taken. */
  readonly missing: { readonly kind: Kind; readonly retryMs: number } | null
  readonly levels: readonly Level[]
}

/**
 * Buckets hold one minute's worth and fill evenly: in t seconds at most limit * (1 + t / 60) gets through, whatever the bursts. Time is
 * that of a clock which is never set.
 */
export interface RateLimiter {
  /**
   * Takes `use` from all budgets or from none, in the name of a request, which takes texts once. Tokens that are more than a bucket holds are never there: look before
   * asking.
   */
  take(budgets: readonly Budget[], use: Use, id: string): Promise<Taken>
  /** Gives back what was taken and not used, and ends texts. */
  giveBack(budgets: readonly Budget[], use: Use, id: string): Promise<void>
  close(): Promise<void>
}
