import { RetNetError } from './retnet-error.js'

/** A model specification contradicts itself or asks for something that is no RetNet. */
export class SpecError extends RetNetError {
  readonly field: string

  constructor(field: string, expected: string, actual: unknown, fix?: string) {
    super(`RetNetSpec.${field}: expected ${expected}, got ${String(actual)}.`, fix)
    this.field = field
  }
}
