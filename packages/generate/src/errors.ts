/** The errors of this package: each says what was expected, what came and what to do, in fields as well as in its message. */

/** Base of every error that this package throws on purpose. `fix` says what the caller can do about it. */
export class GenerateError extends Error {
  readonly fix: string | undefined

  constructor(message: string, fix?: string) {
    super(fix ? `${message} ${fix}` : message)
    this.name = new.target.name
    this.fix = fix
  }
}

// the mark by which `RetNetError.isInstance` of @retnet/core knows the errors of all packages
Object.defineProperty(GenerateError.prototype, Symbol.for('@retnet/error'), { value: true })

/** An argument or option has a value that cannot be used, or a name that does not exist. */
export class GenerateArgumentError extends GenerateError {
  readonly argument: string

  constructor(detail: { argument: string; expected: string; actual: unknown; fix?: string }) {
    super(`${detail.argument}: expected ${detail.expected}, got ${show(detail.actual)}.`, detail.fix)
    this.argument = detail.argument
  }
}

/** A session was asked for something while it is still doing something else. Nothing has changed. */
export class SessionBusyError extends GenerateError {
  readonly operation: string
  readonly running: string

  constructor(operation: string, running: string) {
    super(
      `session: ${operation} was called while ${running} is running.`,
      'Await it, end its stream with break or return(), or work on a fork().',
    )
    this.operation = operation
    this.running = running
  }
}

/** A session was used after its `dispose()`. */
export class SessionDisposedError extends GenerateError {
  constructor() {
    super('session was used after dispose().', 'Keep it alive for as long as it is needed, or create a new one.')
  }
}

/** The model returned logits that no token can be drawn from. */
export class LogitsError extends GenerateError {
  /** Id of the first such logit; -1 if the logits as a whole are wrong. */
  readonly id: number

  constructor(id: number, expected: string, actual: string) {
    const where = id < 0 ? 'logits' : `logit of token ${id}`
    super(
      `${where}: expected ${expected}, got ${actual}.`,
      'The weights or the backend are broken; reset or rewind the session.',
    )
    this.id = id
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value)
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object'
  return String(value)
}
