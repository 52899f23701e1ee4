import { toApiError } from '../api/api-error.js'
import type { TurnProblem } from './turn.js'

/** What a client may know of an error, as JSON. */
export function problemOf(error: unknown): TurnProblem {
  const { status, code, message, param } = toApiError(error)
  return { status, code, message, param }
}
