/** Errors as a client of the OpenAI API reads them: a status, and an envelope with message, type, param and code. */
import { RowError } from '@retnet/core'
import { GenerateArgumentError } from '@retnet/generate'
import { EngineClosedError, GrammarDeadEndError, NotFiniteError, QueueFullError } from '../errors.js'
import { LogGoneError, ScopeBusyError, StoreError } from '../stores/errors.js'

export type Status = 400 | 401 | 403 | 404 | 405 | 408 | 409 | 413 | 414 | 415 | 421 | 422 | 429 | 431 | 500 | 503 | 504

export interface ErrorBody {
  readonly error: {
    readonly message: string
    readonly type: 'invalid_request_error' | 'rate_limit_error' | 'server_error'
    readonly param: string | null
    readonly code: string
  }
}

export class ApiError extends Error {
  readonly status: Status
  readonly code: string
  readonly param: string | null
  readonly headers: Readonly<Record<string, string>>
  /** Goes into the envelope beside the rest. */
  readonly details: Readonly<Record<string, string>>

  constructor(
    status: Status,
    code: string,
    message: string,
    param: string | null = null,
    headers: Readonly<Record<string, string>> = {},
    details: Readonly<Record<string, string>> = {},
  ) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.param = param
    this.headers = headers
    this.details = details
  }

  get body(): ErrorBody {
    return {
      error: { message: this.message, type: typeOf(this.status), param: this.param, code: this.code, ...this.details },
    }
  }

  get response(): Response {
    return Response.json(this.body, { status: this.status, headers: this.headers })
  }
}

function typeOf(status: Status): ErrorBody['error']['type'] {
  if (status >= 500) return 'server_error'
  return status === 429 ? 'rate_limit_error' : 'invalid_request_error'
}

const retry = { 'retry-after': '1' }

/** What a client may know of an error. Of one that was not foreseen it learns nothing. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof QueueFullError) return new ApiError(503, 'queue_full', error.message, null, retry)
  if (error instanceof EngineClosedError) return new ApiError(503, 'shutting_down', error.message, null, retry)
  if (error instanceof ScopeBusyError) {
    return new ApiError(409, 'session_busy', 'Another turn is working on the session. Wait for it, or fork.', 'session')
  }
  if (error instanceof StoreError) {
    const message = 'What this server keeps cannot be read or written now. Nothing is lost; send it again later.'
    return new ApiError(503, 'state_store_unavailable', message, null, retry)
  }
  if (error instanceof LogGoneError)
    return new ApiError(404, 'stream_not_found', 'There is no such stream, or no longer.')
  if (error instanceof GenerateArgumentError) {
    const param = snakeCase(error.argument)
    return new ApiError(400, 'invalid_value', error.message.replace(error.argument, param), param)
  }
  if (error instanceof RowError || error instanceof NotFiniteError) {
    return new ApiError(500, 'not_finite', 'The model gave no numbers to draw a token from, or to make a vector of.')
  }
  if (error instanceof GrammarDeadEndError)
    return new ApiError(422, 'grammar_dead_end', error.message, 'response_format')
  return new ApiError(500, 'internal_error', 'The server failed. The request may be sent again.')
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
