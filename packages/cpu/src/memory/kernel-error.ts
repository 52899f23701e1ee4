import { RetNetError } from '@retnet/core'

/** A kernel failed: an error of this library, never of the caller's data. Nothing in the memory of the backend is to be trusted any more. */
export class KernelError extends RetNetError {
  constructor(what: string, cause?: unknown) {
    super(`cpu: ${what}.`, 'Dispose of this backend and create a new one.')
    this.cause = cause
  }

  override get isFatal(): boolean {
    return true
  }
}
