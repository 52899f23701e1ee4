/** What can go wrong between a program and a server, as classes: what the server refused, and what never reached it. */

/** The server's answer is an error. */
export class RequestError extends Error {
  /** HTTP status; 0 for an error in the midst of a stream. */
  readonly status: number
  /** What it is, in a word: `session_busy`, `rev_conflict`, `quota_exceeded`. See the README of @retnet/serve. */
  readonly code: string
  /** The parameter that it is about. */
  readonly param: string | null
  /** All that the server says of it. */
  readonly details: Readonly<Record<string, unknown>>
  /** Milliseconds after which another try makes sense, if the server says so. */
  readonly retryAfterMs: number | null

  constructor(status: number, details: Readonly<Record<string, unknown>>, retryAfterMs: number | null = null) {
    super(typeof details.message === 'string' ? details.message : `The server answered ${status}.`)
    this.name = new.target.name
    this.status = status
    this.code = typeof details.code === 'string' ? details.code : 'unknown'
    this.param = typeof details.param === 'string' ? details.param : null
    this.details = details
    this.retryAfterMs = retryAfterMs
  }
}

/** 401 and 403: the key is missing, wrong, or may not do this. */
export class AccessError extends RequestError {}
/** 404: there is no such session, snapshot, stream or model. */
export class NotFoundError extends RequestError {}
/** 409: another turn is working on the session, or it has gone on, or the state is of another model. */
export class ConflictError extends RequestError {}
/** 429: a quota or a rate limit. */
export class LimitError extends RequestError {}
/** 503: the server is full, ending, or cannot reach what it keeps. */
export class UnavailableError extends RequestError {}

/** Nobody answered, or the connection was cut and could not be made again. */
export class ConnectionError extends Error {
  constructor(message: string, cause: unknown) {
    super(message, { cause })
    this.name = 'ConnectionError'
  }
}

const classes: Readonly<Record<number, typeof RequestError>> = {
  401: AccessError,
  403: AccessError,
  404: NotFoundError,
  409: ConflictError,
  429: LimitError,
  503: UnavailableError,
}

export async function errorOf(response: Response): Promise<RequestError> {
  const body = (await response.json().catch(() => null)) as { error?: Record<string, unknown> } | null
  const seconds = Number(response.headers.get('retry-after') ?? NaN)
  const retryAfterMs = Number.isFinite(seconds) ? 1000 * seconds : null
  return new (classes[response.status] ?? RequestError)(response.status, body?.error ?? {}, retryAfterMs)
}
