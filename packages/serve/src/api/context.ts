import type { Engine } from '../engine/engine.js'
import type { Grammars } from '../grammar/grammars.js'
import { ApiError } from './api-error.js'
import type { Limits } from './limits.js'
import type { ServedModel } from './served-model.js'

/** What every endpoint works with. */
export interface ApiContext {
  readonly engine: Engine
  readonly served: ServedModel
  readonly limits: Limits
  readonly grammars: Grammars
  /** Seconds since 1970 of the start. */
  readonly created: number
}

/** Throws a 404 unless the request names this model, or none. */
export function requireModel({ served }: ApiContext, name: string | undefined): void {
  if (name === undefined || name === served.id) return
  const message = `model: this server has ${JSON.stringify(served.id)} alone.`
  throw new ApiError(404, 'model_not_found', message, 'model')
}
