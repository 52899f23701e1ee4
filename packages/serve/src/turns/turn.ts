/** One request for texts, as it travels to a worker, and what the worker writes in its log. All of it is JSON. */
import type { GenerateOptions } from '@retnet/generate'
import type { Pooling } from '@retnet/core'
import type { EmbeddedEvent } from '../engine/embed-job.js'
import type { DrawnToken, PromptToken } from '../engine/job.js'
import type { GrammarOrder } from '../grammar/create-constraints.js'
import type { Json } from '../stores/contract.js'

export interface Turn {
  /** 128 random bits. */
  readonly id: string
  readonly tenant: string
  /** Of the model that is to write: workers with other weights leave the turn to others. */
  readonly weights: string
  readonly prompts: readonly (readonly number[])[]
  readonly texts: readonly TextOrder[]
  /** The session that the one text continues, at the revision that the client has seen. */
  readonly session: { readonly id: string; readonly rev: number } | null
  /** What all texts must be. Null: anything. */
  readonly grammar?: GrammarOrder | null
  /** Whatever who asked needs to know when reading the log: its first entry. */
  readonly view: Json
  /** Milliseconds that the closed log is kept for readers who come again. */
  readonly keepMs: number
}

export interface TextOrder {
  /** Index in `prompts`. */
  readonly prompt: number
  /** With a seed: a text that is begun again must come out the same. */
  readonly options: GenerateOptions
  readonly scorePrompt: boolean
  /** Make a vector of the prompt; all texts of a turn, or none. */
  readonly embed?: Pooling
}

export interface TurnProblem {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly param: string | null
}

/** What concerns one text. */
export type TextEntry = { /** Index in `texts` of the turn. */ readonly of: number } & (
  | { readonly kind: 'begin'; readonly cached: number }
  | PromptToken
  | DrawnToken
  | EmbeddedEvent
  | { readonly kind: 'error'; readonly error: TurnProblem }
)

/** The last one: all texts are complete, or have failed, and the session is where it should be. */
export interface EndEntry {
  readonly kind: 'end'
  /** The revision that the session has now. */
  readonly rev: number | null
  /** The length of the session in tokens. */
  readonly length: number | null
  readonly cancelled: boolean
  readonly error: TurnProblem | null
}

export type LogEntry = { readonly kind: 'open'; readonly view: Json } | TextEntry | EndEntry

/** What at most one turn may work on at a time. */
export function scopeOf({ id, session }: Pick<Turn, 'id' | 'session'>): string {
  return session?.id ?? id
}
