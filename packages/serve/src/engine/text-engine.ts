/** What brings turns to their end needs of an engine: one in this process, or one in a thread of its own. */
import { type Model, type Pooling, nextTokenGraph } from '@retnet/core'
import type { ModelFacts } from '../api/context.js'
import type { TokenConstraint } from '../grammar/token-constraint.js'
import type { Json } from '../stores/contract.js'
import type { TextCodec } from '@retnet/generate'
import type { Engine, EngineStatus, EngineWork } from './engine.js'
import type { JobEvent, JobRequest } from './job.js'
import type { Outlet } from './outlet.js'

/** A text as it can be sent to another thread. */
export interface TextRequest extends Omit<JobRequest, 'codec' | 'constraint'> {
  /** What the text may be, in words that `createConstraint` understands. */
  readonly grammar?: Json
  /** Make a vector of the prompt instead; all requests of a call, or none. The rest does not matter then. */
  readonly embed?: Pooling
}

export interface RunningText {
  readonly events: Outlet<JobEvent>
  cancel(): void
}

export interface TextEngine {
  readonly facts: ModelFacts
  readonly status: EngineStatus
  readonly work: EngineWork
  /** False while it can write nothing: its backend broke, and perhaps another one is being made. */
  readonly isUp: boolean
  /** Texts that could begin at once. */
  readonly room: number
  /** Resolves when there may be room. */
  whenRoom(): Promise<void>
  /** Begins `requests`, all or none. Those that share their prompt (the same object) read it once. */
  submit(requests: readonly TextRequest[]): Promise<readonly RunningText[]>
  /** Takes no more requests and ends what is running. */
  abort(): void
}

export interface TextTools {
  readonly codec: TextCodec
  /** Throws for a grammar that it does not know. Absent: requests have none. */
  readonly createConstraint?: (
    grammar: Json,
    stopIds: ReadonlySet<number>,
  ) => TokenConstraint | Promise<TokenConstraint>
}

function factsOf({ spec, identity, stateBytes, weightBytes }: Model): ModelFacts {
  const graph = nextTokenGraph(spec, { rows: 1, length: 1 })
  const shapes = graph.states.map(({ name, input }) => [`state.${name}`, graph.types[input].shape] as const)
  return {
    identity,
    vocabSize: spec.vocabSize,
    width: spec.width,
    stateBytes,
    // the position is part of the header
    stateShapes: Object.fromEntries(shapes.filter(([name]) => name !== 'state.position')),
    weightBytes,
  }
}

/** The engine of this process. */
export function textEngine(engine: Engine, { codec, createConstraint }: TextTools): TextEngine {
  const toJob = async ({ grammar, ...request }: TextRequest): Promise<JobRequest> => {
    if (grammar === undefined) return { ...request, codec }
    return { ...request, codec, constraint: await createConstraint!(grammar, request.settings.stopIds) }
  }
  return {
    facts: factsOf(engine.model),
    get status() {
      return engine.status
    },
    get work() {
      return engine.work
    },
    get isUp() {
      return engine.isUp
    },
    get room() {
      return engine.room
    },
    whenRoom: () => engine.whenRoom(),
    submit: async (requests) => {
      const texts = requests.flatMap(({ prompt, embed: pooling }) => (pooling ? [{ prompt, pooling }] : []))
      return texts.length > 0 ? engine.embed(texts) : engine.submit(await Promise.all(requests.map(toJob)))
    },
    abort: () => engine.abort(),
  }
}
