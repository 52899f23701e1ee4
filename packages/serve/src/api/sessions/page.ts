import { type Kind, requireId } from '../../sessions/ids.js'
import { ApiError } from '../api-error.js'

export interface Page {
  readonly limit: number
  /** The id before the first one; empty at the beginning. */
  readonly after: string
}

const names = new Set(['limit', 'after'])

/** The part of a list that a request asks for: `?limit=1..100&after=ID`. */
export function pageOf(query: URLSearchParams, kind: Kind): Page {
  const unknown = [...query.keys()].find((name) => !names.has(name))
  if (unknown !== undefined) {
    const param = unknown.slice(0, 80)
    throw new ApiError(400, 'unknown_parameter', `${param}: there is no such parameter.`, param)
  }
  const limit = query.get('limit') ?? '20'
  const after = query.get('after') ?? ''
  if (!/^([1-9]\d?|100)$/.test(limit)) {
    throw new ApiError(400, 'invalid_value', 'limit: expected a number from 1 to 100.', 'limit')
  }
  if (after !== '') requireId(kind, after, 'after')
  return { limit: Number(limit), after }
}
