/** The texts that one request begins, and what their readers get of them in the order it comes. */
import type { Job, JobEvent } from '../engine/job.js'
import type { GenerateSettings } from '@retnet/generate'
import { type ApiError, toApiError } from './api-error.js'

export interface Choice {
  readonly index: number
  readonly job: Job
  readonly settings: GenerateSettings
  /** Goes before the text: the prompt, with `echo`. */
  readonly echo: string
  /** Where the text of the next token begins. */
  offset: number
}

export type ChoiceEvent =
  | { readonly choice: Choice; readonly event: JobEvent }
  | { readonly choice: Choice; readonly error: ApiError }

/** All events of all choices, none held back for another. A choice that fails ends with its error, the others go on. */
export async function* merge(choices: readonly Choice[]): AsyncGenerator<ChoiceEvent, void, undefined> {
  const waiting = new Map(choices.map((choice) => [choice, next(choice)]))
  while (waiting.size > 0) {
    const { choice, found } = await Promise.race(waiting.values())
    if (found && 'event' in found) waiting.set(choice, next(choice))
    else waiting.delete(choice)
    if (found) yield found
  }
}

async function next(choice: Choice): Promise<{ choice: Choice; found: ChoiceEvent | null }> {
  try {
    const { value, done } = await choice.job.events.next()
    return { choice, found: done ? null : { choice, event: value } }
  } catch (error) {
    return { choice, found: { choice, error: toApiError(error) } }
  }
}

/** A choice at its end. */
export interface Written {
  readonly choice: Choice
  readonly events: readonly JobEvent[]
  readonly error: ApiError | null
}

export async function collect(choices: readonly Choice[]): Promise<Written[]> {
  const all = choices.map((choice) => ({ choice, events: [] as JobEvent[], error: null as ApiError | null }))
  for await (const found of merge(choices)) {
    const own = all[choices.indexOf(found.choice)]
    if ('event' in found) own.events.push(found.event)
    else own.error = found.error
  }
  return all
}

export function finishReasonOf(events: readonly JobEvent[]): 'stop' | 'length' {
  const last = events.at(-1)
  return (last?.kind === 'token' && last.finishReason) || 'length'
}

export function textOf(events: readonly JobEvent[]): string {
  return events.map((event) => (event.kind === 'token' ? event.text : '')).join('')
}

/** How a choice ends: one that failed says why. */
export function endOf(error: ApiError | null, finishReason: 'stop' | 'length' = 'length'): object {
  return error ? { finish_reason: 'error', ...error.body } : { finish_reason: finishReason }
}
