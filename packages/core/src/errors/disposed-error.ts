import { RetNetError } from './retnet-error.js'

/** Something was used after its `dispose()`. */
export class DisposedError extends RetNetError {
  constructor(what: string) {
    super(`${what} was used after dispose().`, 'Keep it alive for as long as it is needed, or create a new one.')
  }
}
