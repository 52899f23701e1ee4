/** The name of a stream: its turn, and the session that the turn works on. */
import { ApiError } from '../api-error.js'

export const streamHeader = 'x-retnet-stream'

interface Place {
  /** As in the log: a session, or the turn itself. */
  readonly scope: string
  readonly id: string
}

export function streamId({ scope, id }: Place): string {
  return scope === id ? id : `${id}.${scope}`
}

/** Throws a 400 for what the server cannot have made. */
export function readStreamId(text: string): Place {
  const [, id, session] = /^([0-9a-f]{32})(?:\.(sess_[0-9a-f]{32}))?$/.exec(text) ?? []
  if (id !== undefined) return { id, scope: session ?? id }
  throw new ApiError(400, 'invalid_id', `stream: expected what ${streamHeader} said.`, 'stream')
}
