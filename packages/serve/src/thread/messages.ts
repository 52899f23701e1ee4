/** What goes between the process and the thread of its engine. */
import type { ModelFacts } from '../api/context.js'
import type { EngineStatus, EngineWork } from '../engine/engine.js'
import type { TextRequest } from '../engine/text-engine.js'
import type { JobEvent } from '../engine/job.js'
import type { TurnProblem } from '../turns/turn.js'

/** Requests whose prompt is the same object in here are the same object there: structured clones keep that. */
export type ToThread =
  | { readonly kind: 'submit'; readonly call: number; readonly requests: readonly TextRequest[] }
  | { readonly kind: 'cancel'; readonly text: string }
  /** Its reader has more than enough, or wants more. */
  | { readonly kind: 'hold' | 'go'; readonly text: string }
  | { readonly kind: 'abort' }
  /** The thread is to end by itself: one that is ended in the midst of a call to a device takes the process with it. */
  | { readonly kind: 'close' }

export type FromThread =
  | { readonly kind: 'ready'; readonly facts: ModelFacts; readonly load: EngineLoad }
  | { readonly kind: 'failed'; readonly message: string; readonly isUsage: boolean }
  | {
      readonly kind: 'submitted'
      readonly call: number
      readonly problem: ThreadProblem | null
      readonly load: EngineLoad
    }
  /** What one step gave. */
  | { readonly kind: 'news'; readonly texts: readonly TextNews[]; readonly load: EngineLoad }

export interface EngineLoad extends EngineStatus {
  /** Texts that could begin at once. */
  readonly room: number
  readonly work: EngineWork
}

export interface TextNews {
  /** `call.index`. */
  readonly text: string
  readonly events: readonly JobEvent[]
  readonly ended: boolean
  readonly problem: ThreadProblem | null
}

/** An error, in words that cross threads. */
export type ThreadProblem = TurnProblem | 'closed'
