/** The errors of this package: each says what was expected, what came and what to do. */
import { RetNetError } from '@retnet/core'

/** An option of the engine or of the server has a value that cannot be used, or a name that does not exist. */
export class ServeArgumentError extends RetNetError {
  readonly argument: string

  constructor(argument: string, expected: string, actual: unknown) {
    super(`${argument}: expected ${expected}, got ${String(actual)}.`)
    this.argument = argument
  }
}

/** As many generations are waiting as may wait. None of the request has begun. */
export class QueueFullError extends RetNetError {
  readonly limit: number

  constructor(limit: number) {
    super(`queue: ${limit} generations are waiting already.`, 'Send it again later.')
    this.limit = limit
  }
}

/** The engine takes nothing more, because it is about to end. */
export class EngineClosedError extends RetNetError {
  constructor() {
    super('engine: it is shutting down and takes no more requests.', 'Send it again later.')
  }
}

/** What a text must look like leaves no token of the vocabulary to go on with. That text ends, others go on. */
export class GrammarDeadEndError extends RetNetError {
  constructor(why = 'no token of the vocabulary continues what was asked for') {
    super(`grammar: ${why}.`, 'Ask for a format that this model can write.')
  }
}

/** The thread of an engine could not be started, or has ended. */
export class EngineThreadError extends RetNetError {
  /** True if it was asked for something that makes no sense. */
  readonly isUsage: boolean

  constructor(message: string, isUsage = false) {
    super(message)
    this.isUsage = isUsage
  }
}

/** The model gave NaN or Infinity for a text. */
export class NotFiniteError extends RetNetError {
  constructor() {
    super('engine: the hidden states of the text are not finite.')
  }
}
