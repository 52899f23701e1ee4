import { RetNetError } from './retnet-error.js'

/** Something well-formed that this version, backend or device cannot do. */
export class UnsupportedError extends RetNetError {
  readonly feature: string

  constructor(feature: string, reason: string, fix?: string) {
    super(`${feature}: ${reason}`, fix)
    this.feature = feature
  }
}
