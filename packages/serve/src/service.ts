/** What stands between the routes and the engine in one process: a queue, a log, and a worker that takes turns from one to the other. */
import { type Model, nextTokenGraph } from '@retnet/core'
import type { ModelFacts } from './api/context.js'
import type { Limits } from './api/limits.js'
import type { ServedModel } from './api/served-model.js'
import type { Engine } from './engine/engine.js'
import { SessionService } from './sessions/session-service.js'
import { Sweeper } from './sessions/sweeper.js'
import { turnCheckpoints } from './sessions/turn-checkpoints.js'
import { turnSessions } from './sessions/turn-sessions.js'
import { type Clock, systemClock } from './stores/common/clock.js'
import type { Stores } from './stores/contract.js'
import { memoryStores } from './stores/memory/memory-stores.js'
import { Turns } from './turns/turns.js'
import { TurnWorker } from './turns/worker.js'

export interface ServiceOptions {
  readonly engine: Engine
  readonly served: ServedModel
  readonly stores?: Stores
  readonly limits: Limits
  /** Sign and check the files of snapshots; see `Signatures`. */
  readonly snapshotKeys?: readonly string[]
  /** Drawn tokens between the places that a long text can be taken over from. Default: there are none. */
  readonly checkpointTokens?: number
  /** Of sessions: when they expire. */
  readonly clock?: Clock
  readonly onError?: (error: unknown) => void
}

export interface Service {
  readonly turns: Turns
  readonly worker: TurnWorker
  readonly sessions: SessionService
  readonly sweeper: Sweeper
  readonly model: ModelFacts
}

export function createService(options: ServiceOptions): Service {
  const {
    engine,
    served,
    stores = memoryStores(),
    limits,
    snapshotKeys,
    checkpointTokens,
    clock = systemClock,
    onError = () => {},
  } = options
  const model = factsOf(engine.model, served)
  const quota = { sessions: limits.sessions, snapshots: limits.snapshots, bytes: limits.sessionBytes }
  const sessions = new SessionService({
    ...{ store: stores.states, model: model.identity, quota, clock },
    ...(snapshotKeys && { snapshotKeys }),
  })
  const sweeper = new Sweeper({ stores, clock, onError })
  const worker = new TurnWorker({
    ...{ engine, codec: served.codec, stores, onError },
    sessions: turnSessions(sessions.sessions, model.identity),
    ...(checkpointTokens && {
      checkpoints: turnCheckpoints({ store: stores.states, every: checkpointTokens, onError }),
    }),
  })
  return { turns: new Turns(stores, limits.queue), worker, sessions, sweeper, model }
}

function factsOf({ spec, identity, stateBytes, weightBytes }: Model, { tokenizer }: ServedModel): ModelFacts {
  const graph = nextTokenGraph(spec, { rows: 1, length: 1 })
  const shapes = graph.states.map(({ name, input }) => [`state.${name}`, graph.types[input].shape] as const)
  return {
    identity: { ...identity, ...(tokenizer !== undefined && { tokenizer }) },
    vocabSize: spec.vocabSize,
    stateBytes,
    // the position is part of the header
    stateShapes: Object.fromEntries(shapes.filter(([name]) => name !== 'state.position')),
    weightBytes,
  }
}
