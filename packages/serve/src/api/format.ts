import type { DrawnToken, PromptToken } from '../engine/job.js'
import type { ChoiceView } from './view.js'

export type TokenEvent = PromptToken | DrawnToken
export type FinishReason = 'stop' | 'length' | 'error' | 'cancelled'

/** A choice as it is being worded. */
export interface Choice extends ChoiceView {
  readonly index: number
  /** Where the text of the next token begins. */
  offset: number
}

/** A choice at its end. */
export interface Written {
  readonly choice: Choice
  readonly events: readonly TokenEvent[]
  readonly finishReason: FinishReason
}

/** How one of the two endpoints words what both compute. */
export interface Format {
  readonly idPrefix: string
  readonly object: string
  readonly chunkObject: string
  /** The choice in the chunk before the first token, if there is such a chunk. */
  opening(choice: Choice): object | null
  /** The choice in the chunk of a token; null if there is nothing to say yet. The reason is told apart from the token where it is held back. */
  delta(choice: Choice, event: TokenEvent, finishReason: FinishReason | null): object | null
  /** The choice in the last chunk of a text whose last token did not end it, or has been told already. */
  ending(choice: Choice, finishReason: FinishReason): object
  /** The choice in a response that is no stream. */
  whole(written: Written): object
}

export function textOf(events: readonly TokenEvent[]): string {
  return events.map((event) => (event.kind === 'token' ? event.text : '')).join('')
}

/** A stop id ends the text and is no part of it. */
export function isEnd({ stopIds }: ChoiceView, event: TokenEvent): boolean {
  return event.kind === 'token' && stopIds.includes(event.id)
}
