/** What stands between the routes and the engine in one process: a queue, a log, and a worker that takes turns from one to the other. */
import type { ModelFacts } from './api/context.js'
import type { Limits } from './api/limits.js'
import type { ServedModel } from './api/served-model.js'
import { Engine, type EngineStatus, type EngineWork } from './engine/engine.js'
import type { PrefixStatus } from './engine/prefix/prefix-reuse.js'
import { type TextEngine, textEngine } from './engine/text-engine.js'
import { constraintsOf } from './grammar/create-constraints.js'
import { Grammars } from './grammar/grammars.js'
import { vocabularyOf } from './grammar/vocabulary-of.js'
import { SessionService } from './sessions/session-service.js'
import { Sweeper } from './sessions/sweeper.js'
import { turnCheckpoints } from './sessions/turn-checkpoints.js'
import { turnSessions } from './sessions/turn-sessions.js'
import { type Clock, systemClock } from './stores/common/clock.js'
import type { Stores } from './stores/contract.js'
import { memoryStores } from './stores/memory/memory-stores.js'
import { Turns } from './turns/turns.js'
import type { TurnMeter } from './turns/turn-meter.js'
import { TurnWorker } from './turns/worker.js'

export interface ServiceOptions {
  /** Null for a gateway, whose turns are written by workers elsewhere. */
  readonly engine: Engine | TextEngine | null
  /** Of the workers' model, for a gateway. */
  readonly facts?: ModelFacts
  readonly served: ServedModel
  readonly stores?: Stores
  readonly limits: Limits
  /** Sign and check the files of snapshots; see `Signatures`. */
  readonly snapshotKeys?: readonly string[]
  /** Drawn tokens between the places that a long text can be taken over from. Default: there are none. */
  readonly checkpointTokens?: number
  /** Of sessions: when they expire. */
  readonly clock?: Clock
  readonly meter?: TurnMeter
  readonly onError?: (error: unknown) => void
}

/** How busy it is. */
export interface Load {
  readonly rows: number
  /** Texts that have a row. */
  readonly running: number
  /** Turns in the queue, and texts of turns that have begun, without a row. */
  readonly waiting: number
  /** Milliseconds that the oldest turn in the queue has waited. */
  readonly oldestMs: number
  /** What prompts that begin alike have saved; not of a gateway. */
  readonly prefix?: PrefixStatus
}

const nothing: EngineStatus = { rows: 0, running: 0, waiting: 0 }

export interface Service {
  readonly turns: Turns
  /** Of the model, for looking at what a request asks for. */
  readonly grammars: Grammars
  readonly worker: TurnWorker | null
  readonly sessions: SessionService
  readonly sweeper: Sweeper
  readonly model: ModelFacts
  readonly load: () => Promise<Load>
  readonly work: () => EngineWork
  /** False while its own engine can write nothing; what is asked waits. */
  readonly isUp: () => boolean
}

export function createService(options: ServiceOptions): Service {
  const { engine, facts, served, stores = memoryStores(), limits, clock = systemClock, onError = () => {} } = options
  const { codec } = served
  const vocabSize = engine instanceof Engine ? engine.model.spec.vocabSize : (engine?.facts ?? facts!).vocabSize
  const grammars = new Grammars(() => vocabularyOf(codec, vocabSize))
  const createConstraint = constraintsOf(grammars)
  const writer = engine instanceof Engine ? textEngine(engine, { codec, createConstraint }) : engine
  const model = withTokenizer(writer?.facts ?? facts!, served)
  const sessions = sessionsOf(options, stores, model)
  const { checkpointTokens: every } = options
  return {
    grammars,
    sessions,
    sweeper: new Sweeper({ stores, clock, onError }),
    turns: new Turns(stores, limits.queue),
    worker:
      writer &&
      new TurnWorker({
        engine: writer,
        stores,
        onError,
        ...(options.meter && { meter: options.meter }),
        sessions: turnSessions(sessions.sessions, model.identity),
        ...(every && { checkpoints: turnCheckpoints({ store: stores.states, every, onError }) }),
      }),
    isUp: () => writer?.isUp ?? true,
    work: () => writer?.work ?? { steps: 0, seconds: 0, rows: 0 },
    load: async () => {
      const { rows, running, waiting, prefix } = writer?.status ?? nothing
      const queued = await stores.queue.status()
      const load = { rows, running, waiting: waiting + queued.waiting, oldestMs: queued.oldestMs }
      return prefix ? { ...load, prefix } : load
    },
    model,
  }
}

function sessionsOf({ limits, snapshotKeys, clock }: ServiceOptions, { states }: Stores, { identity }: ModelFacts) {
  return new SessionService({
    store: states,
    model: identity,
    quota: { sessions: limits.sessions, snapshots: limits.snapshots, bytes: limits.sessionBytes },
    ...(snapshotKeys && { snapshotKeys }),
    ...(clock && { clock }),
  })
}

function withTokenizer(facts: ModelFacts, { tokenizer }: ServedModel): ModelFacts {
  return tokenizer === undefined ? facts : { ...facts, identity: { ...facts.identity, tokenizer } }
}
