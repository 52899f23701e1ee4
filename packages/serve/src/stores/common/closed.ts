import { StoreError } from '../errors.js'

/** What a store says that was closed by its own process. */
export function closedError(store: string): StoreError {
  return new StoreError('unavailable', `this ${store} was closed.`)
}
