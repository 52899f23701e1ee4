import type { Shape, SnapshotIdentity } from '@retnet/core'
import { ApiError } from './api-error.js'
import type { Admission } from '../edge/admission.js'
import type { Caller } from '../edge/caller.js'
import type { RequestRecord } from '../observe/request-record.js'
import type { Limits } from './limits.js'
import type { ServedModel } from './served-model.js'
import type { Grammars } from '../grammar/grammars.js'
import type { EngineWork } from '../engine/engine.js'
import type { Load } from '../service.js'
import type { Timeouts } from './timeouts.js'
import type { SessionService } from '../sessions/session-service.js'
import type { Turns } from '../turns/turns.js'

/** What the routes must know of the model that somebody runs. */
export interface ModelFacts {
  readonly identity: SnapshotIdentity
  readonly vocabSize: number
  /** Of an embedding. */
  readonly width: number
  readonly stateBytes: number
  /** Of the blocks of a state in a snapshot. */
  readonly stateShapes: Readonly<Record<string, Shape>>
  readonly weightBytes: number
}

/** What is the same for all requests. */
export interface ServerContext {
  readonly turns: Turns
  readonly sessions: SessionService
  readonly grammars: Grammars
  readonly model: ModelFacts
  readonly load: () => Promise<Load>
  readonly work: () => EngineWork
  /** False while its own engine can write nothing; what is asked waits. */
  readonly isUp: () => boolean
  readonly served: ServedModel
  readonly limits: Limits
  readonly timeouts: Timeouts
  /** Seconds since 1970 of the start. */
  readonly created: number
}

/** One request: who asks, what it may use, and what is known of it so far. */
export interface RequestScope {
  readonly caller: Caller
  readonly admission: Admission
  readonly record: RequestRecord
  /** Cuts the connection. */
  readonly hangUp: () => void
}

/** What every endpoint works with. */
export interface ApiContext extends ServerContext {
  readonly scope: RequestScope
}

/** Whose sessions and states the request may touch. */
export function tenantOf({ scope }: ApiContext): string {
  return scope.caller.tenant
}

/** Throws a 404 unless the request names this model, or none. */
export function requireModel({ served }: ServerContext, name: string | undefined): void {
  if (name === undefined || name === served.id) return
  const message = `model: this server has ${JSON.stringify(served.id)} alone.`
  throw new ApiError(404, 'model_not_found', message, 'model')
}
