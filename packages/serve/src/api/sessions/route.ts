import type { z } from 'zod'
import type { ApiContext } from '../context.js'

export interface RouteRequest {
  /** Of the path; empty where it has none. */
  readonly id: string
  readonly query: URLSearchParams
  /** Read as JSON, where the route has a schema. */
  readonly body: unknown
  readonly request: Request
  /** Fires when the client has gone. */
  readonly signal: AbortSignal
}

export interface Route {
  readonly method: 'get' | 'post' | 'delete'
  readonly path: string
  readonly summary: string
  /** Of a body in JSON; a route without one has no body, or reads it itself. */
  readonly schema?: z.ZodType
  readonly description?: string
  /** Absent: events. */
  readonly response?: z.ZodType
  readonly example?: object
  readonly handle: (context: ApiContext, request: RouteRequest) => Promise<Response>
}
