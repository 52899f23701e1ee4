/** Base of every error that this project throws on purpose. `fix` says what the caller can do about it. */
export class RetNetError extends Error {
  readonly fix: string | undefined

  constructor(message: string, fix?: string) {
    super(fix ? `${message} ${fix}` : message)
    this.name = new.target.name
    this.fix = fix
  }

  /** True if the backend that threw it is of no use any more: it has to be disposed of, and another one to be created. */
  get isFatal(): boolean {
    return false
  }

  /** True for errors of this library, also across duplicate installs of the package. */
  static isInstance(error: unknown): error is RetNetError {
    return typeof error === 'object' && error !== null && marker in error
  }
}

const marker = Symbol.for('@retnet/error')
Object.defineProperty(RetNetError.prototype, marker, { value: true })
