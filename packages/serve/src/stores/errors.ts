import { RetNetError } from '@retnet/core'

/** A turn is working on this session already. */
export class ScopeBusyError extends RetNetError {
  readonly scope: string

  constructor(scope: string) {
    super(`scope: another turn is working on ${scope}.`, 'Wait for it to end, or fork the session.')
    this.scope = scope
  }
}

/** Somebody else writes by now: what this one wrote is refused, and nothing of it is kept. */
export class FencedError extends RetNetError {
  constructor(scope: string, epoch: number) {
    super(`lease: epoch ${epoch} of ${scope} is not the present one.`, 'Stop writing; who holds the lease goes on.')
  }
}

/** Entries do not come where the log ends. */
export class LogOrderError extends RetNetError {
  constructor(turn: string, index: number, length: number | 'closed') {
    super(`log: ${turn}: expected entries at ${length}, got ${index}.`, 'Read the log and go on where it ends.')
  }
}

/** There is no log of this turn, or no longer. */
export class LogGoneError extends RetNetError {
  constructor(turn: string) {
    super(`log: there is none of ${turn}.`, 'It may have been kept for its time; ask again.')
  }
}

export type StoreProblem = 'unavailable' | 'full' | 'damaged' | 'key'

const fixes: Partial<Record<StoreProblem, string>> = {
  unavailable: 'Try again later.',
  full: 'Make room, and try again.',
}

/** A store cannot do what it should; nothing has been changed by the attempt. */
export class StoreError extends RetNetError {
  readonly problem: StoreProblem

  constructor(
    problem: StoreProblem,
    message: string,
    options: ErrorOptions & { readonly fix?: string | undefined } = {},
  ) {
    super(`store: ${message}`, options.fix ?? fixes[problem])
    this.problem = problem
    if (options.cause !== undefined) this.cause = options.cause
  }
}
