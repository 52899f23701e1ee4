/** Who asks, as a key tells it. */
import type { Budget } from './rate-limiter.js'

export type Role = 'user' | 'admin'

export interface Caller {
  /** Whose states, sessions and caches a request may touch. */
  readonly tenant: string
  readonly role: Role
  /** The name of the key, for logs. */
  readonly key: string
  /** What its requests are counted against: the budget of the key, that of the tenant, both or none. */
  readonly budgets: readonly Budget[]
  /** Whether its requests may go before those of others. */
  readonly mayHurry: boolean
}

/** Everybody, where there are no keys. */
export const nobody: Caller = { tenant: 'default', role: 'user', key: 'none', budgets: [], mayHurry: false }
