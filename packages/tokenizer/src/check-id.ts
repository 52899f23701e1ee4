/** Refuses what is no token id. */
import { TokenIdError } from './errors.js'

/** Throws `TokenIdError` unless `id` is an integer from 0 to below `size`. */
export function checkId(id: number, index: number, size: number): void {
  if (!(Number.isInteger(id) && id >= 0 && id < size)) throw new TokenIdError(id, index, size)
}
