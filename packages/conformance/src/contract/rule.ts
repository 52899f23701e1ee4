import { type Backend, RetNetError } from '@retnet/core'

export interface ContractRule {
  readonly name: string
  /** Throws when the rule is broken. */
  readonly hold: (backend: Backend) => Promise<void>
}

/** Throws unless `attempt` throws an error of this library. */
export async function requireRefusal(attempt: () => unknown): Promise<void> {
  try {
    await attempt()
  } catch (error) {
    if (RetNetError.isInstance(error)) return
    throw new Error(`expected an error of this library, got ${String(error)}`, { cause: error })
  }
  throw new Error('expected a refusal, but it was accepted')
}
