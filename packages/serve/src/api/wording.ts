/** From the log of a turn to what a client reads of it. The same log gives the same words, however often and wherever it is read. */
import type { EndEntry, LogEntry, TextEntry, TurnProblem } from '../turns/turn.js'
import { ApiError, type Status } from './api-error.js'
import { chatFormat } from './chat-format.js'
import { completionFormat } from './completion-format.js'
import type { Choice, FinishReason, Format, TokenEvent } from './format.js'
import type { ServedCodec } from './served-model.js'
import type { View } from './view.js'

interface Text {
  readonly choice: Choice
  readonly events: TokenEvent[]
  finishReason: FinishReason | null
  error: TurnProblem | null
  cached: number
}

export class Wording {
  readonly #view: View
  readonly #format: Format
  readonly #texts: readonly Text[]
  /** Of a stream: the events are not kept. */
  readonly #keeps: boolean
  #drawn = 0
  #end: EndEntry | null = null

  constructor(view: View, codec: ServedCodec, keeps: boolean) {
    this.#view = view
    this.#keeps = keeps
    this.#format = (view.format === 'chat' ? chatFormat : completionFormat)(codec)
    this.#texts = view.choices.map((own, index) => {
      return { choice: { ...own, index, offset: 0 }, events: [], finishReason: null, error: null, cached: 0 }
    })
  }

  /** The chunks before anything is known. */
  opening(): object[] {
    return this.#texts.flatMap(({ choice }) => this.#chunks(this.#format.opening(choice)))
  }

  /** The chunks that one more entry gives. */
  take(entry: LogEntry): object[] {
    if (entry.kind === 'open') return []
    return entry.kind === 'end' ? this.#takeEnd(entry) : this.#takeText(this.#texts[entry.of], entry)
  }

  /** The response that is no stream. Throws an ApiError for a turn, or for the only text, that failed. */
  whole(): object {
    const own = this.#texts.length === 1 ? this.#texts[0].error : null
    const problem = this.#end?.error ?? (own && !isOfText(own) ? own : null)
    if (problem) throw errorOf(problem)
    const choices = this.#texts.map(({ choice, events, finishReason, error }) => {
      return withError(this.#format.whole({ choice, events, finishReason: finishReason ?? 'length' }), error)
    })
    return { ...this.#head(this.#format.object), choices, usage: this.#usage(), ...this.#session() }
  }

  #takeText(text: Text, entry: TextEntry): object[] {
    if (entry.kind === 'begin') text.cached = entry.cached
    else if (entry.kind === 'error') return this.#takeError(text, entry.error)
    else if (entry.kind !== 'embedded') return this.#takeToken(text, entry)
    return []
  }

  #takeToken(text: Text, event: TokenEvent): object[] {
    if (event.kind === 'token') {
      this.#drawn++
      text.finishReason = event.finishReason ?? null
    }
    if (this.#keeps) {
      text.events.push(event)
      return []
    }
    // what belongs to a session is not over before it is kept
    const finishReason = this.#view.session === null ? text.finishReason : null
    return this.#chunks(this.#format.delta(text.choice, event, finishReason))
  }

  #takeError(text: Text, error: TurnProblem): object[] {
    text.error = error
    text.finishReason = 'error'
    if (this.#texts.length === 1 && !isOfText(error)) return [errorOf(error).body]
    return this.#chunks(withError(this.#format.ending(text.choice, 'error'), error))
  }

  #takeEnd(end: EndEntry): object[] {
    this.#end = end
    const held = this.#texts.filter((text) => {
      return text.finishReason === null || (this.#view.session !== null && text.error === null)
    })
    for (const text of held) text.finishReason ??= end.cancelled ? 'cancelled' : 'length'
    if (end.error) return [errorOf(end.error).body]
    const endings = held.flatMap((text) => this.#chunks(this.#format.ending(text.choice, text.finishReason!)))
    const last = { ...this.#head(this.#format.chunkObject), choices: [], ...this.#session() }
    if (this.#view.includeUsage) return [...endings, { ...last, usage: this.#usage() }]
    return this.#view.session === null ? endings : [...endings, last]
  }

  #chunks(choice: object | null): object[] {
    if (choice === null) return []
    const head = this.#head(this.#format.chunkObject)
    return [{ ...head, choices: [choice], ...(this.#view.includeUsage && { usage: null }) }]
  }

  #head(object: string) {
    const { id, created, model, fingerprint, tier } = this.#view
    return { id, object, created, model, system_fingerprint: fingerprint, service_tier: tier }
  }

  #session() {
    if (this.#view.session === null || this.#end === null) return {}
    return { session: { id: this.#view.session, rev: this.#end.rev, length: this.#end.length } }
  }

  #usage() {
    const { promptTokens } = this.#view
    return {
      prompt_tokens: promptTokens,
      completion_tokens: this.#drawn,
      total_tokens: promptTokens + this.#drawn,
      prompt_tokens_details: { cached_tokens: Math.max(0, ...this.#texts.map(({ cached }) => cached)) },
    }
  }
}

function errorOf({ status, code, message, param }: TurnProblem): ApiError {
  return new ApiError(status as Status, code, message, param)
}

/** The request was answered, and its text came to a bad end: what there is of it goes out. */
function isOfText({ code }: TurnProblem): boolean {
  return code === 'grammar_dead_end'
}

/** A choice that failed says why. */
function withError(choice: object, error: TurnProblem | null): object {
  return error ? { ...choice, ...errorOf(error).body } : choice
}
