/** What stands between the routes and the engine in one process: a queue, a log, and a worker that takes turns from one to the other. */
import type { ModelFacts } from './api/context.js'
import type { ServedModel } from './api/served-model.js'
import { Engine } from './engine/engine.js'
import { type TextEngine, textEngine } from './engine/text-engine.js'
import type { Stores } from './stores/contract.js'
import { memoryStores } from './stores/memory/memory-stores.js'
import { Turns } from './turns/turns.js'
import { TurnWorker } from './turns/worker.js'

export interface ServiceOptions {
  readonly engine: Engine | TextEngine
  readonly served: ServedModel
  readonly stores?: Stores
  /** Turns that may wait. */
  readonly queue: number
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
}

export interface Service {
  readonly turns: Turns
  readonly worker: TurnWorker
  readonly model: ModelFacts
  readonly load: () => Promise<Load>
}

export function createService({ engine, served, stores = memoryStores(), queue, onError }: ServiceOptions): Service {
  const writer = engine instanceof Engine ? textEngine(engine, { codec: served.codec }) : engine
  return {
    turns: new Turns(stores, queue),
    worker: new TurnWorker({ engine: writer, stores, ...(onError && { onError }) }),
    load: async () => {
      const { rows, running, waiting } = writer.status
      const queued = await stores.queue.status()
      return { rows, running, waiting: waiting + queued.waiting, oldestMs: queued.oldestMs }
    },
    model: writer.facts,
  }
}
