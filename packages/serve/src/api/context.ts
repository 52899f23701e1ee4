import type { Shape, SnapshotIdentity } from '@retnet/core'
import { ApiError } from './api-error.js'
import type { Limits } from './limits.js'
import type { ServedModel } from './served-model.js'
import type { SessionService } from '../sessions/session-service.js'
import type { Turns } from '../turns/turns.js'

/** What the routes must know of the model that somebody runs. */
export interface ModelFacts {
  readonly identity: SnapshotIdentity
  readonly vocabSize: number
  readonly stateBytes: number
  /** Of the blocks of a state in a snapshot. */
  readonly stateShapes: Readonly<Record<string, Shape>>
  readonly weightBytes: number
}

/** What every endpoint works with. */
export interface ApiContext {
  readonly turns: Turns
  readonly sessions: SessionService
  readonly model: ModelFacts
  readonly served: ServedModel
  readonly limits: Limits
  /** Seconds since 1970 of the start. */
  readonly created: number
}

/** Whose sessions a request may touch. */
export function tenantOf(_: ApiContext): string {
  return 'default'
}

/** Throws a 404 unless the request names this model, or none. */
export function requireModel({ served }: ApiContext, name: string | undefined): void {
  if (name === undefined || name === served.id) return
  const message = `model: this server has ${JSON.stringify(served.id)} alone.`
  throw new ApiError(404, 'model_not_found', message, 'model')
}
