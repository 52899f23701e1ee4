/** One text that is being written: how far its ids are in, what comes next, what has been drawn. It knows no batch. */
import {
  type DecodeRow,
  type SamplingSettings,
  type Snapshot,
  type SnapshotTensor,
  decodeSnapshot,
  mostStopIds,
} from '@retnet/core'
import {
  type GenerateSettings,
  History,
  type Sampler,
  type TextCodec,
  type TokenLogProbability,
  createSampler,
  logProbabilities,
  placeOf,
  placeTensors,
} from '@retnet/generate'
import type { TokenConstraint } from '../grammar/token-constraint.js'
import type { EmbeddedEvent } from './embed-job.js'
import { Outlet } from './outlet.js'
import { type TextOutput, createTextOutput } from './text.js'

export type FinishReason = 'stop' | 'length'

/** The text has a row. The first event. */
export interface BeginEvent {
  readonly kind: 'begin'
  /** Tokens that a state saves: all of the text's start, or what another prompt begins with. */
  readonly cached: number
}

/** A token of the prompt; the first one has no probability. With `scorePrompt`. */
export interface PromptToken {
  readonly kind: 'prompt'
  readonly id: number
  readonly logprob: number | null
  readonly top: readonly TokenLogProbability[]
}

/** A token that was drawn. The texts of all joined are the text. */
export interface DrawnToken {
  readonly kind: 'token'
  readonly id: number
  readonly text: string
  /** Natural logarithm of the model's own probability, with the setting `logprobs`. */
  readonly logprob?: number
  readonly top?: readonly TokenLogProbability[]
  /** Set at the last one. */
  readonly finishReason?: FinishReason
}

/** The place after the tokens before this event: bytes of a session of @retnet/generate. With `saveEvery`, and at the end with `save`. */
export interface SavedEvent {
  readonly kind: 'saved'
  readonly bytes: Uint8Array
  /** Tokens of the text, and of those the drawn ones of this job. */
  readonly length: number
  readonly drawn: number
  /** True for the place at the end. */
  readonly isEnd: boolean
}

export type JobEvent = BeginEvent | PromptToken | DrawnToken | SavedEvent | EmbeddedEvent

export interface JobRequest {
  /** At least one id, unless there is a `start`. */
  readonly prompt: ArrayLike<number>
  /** Of `validateOptions`; its signal is not looked at. */
  readonly settings: GenerateSettings
  readonly codec: TextCodec
  /** Give the log-probabilities of the prompt too, which then goes in token by token. */
  readonly scorePrompt?: boolean
  /** What the text may be; for this job alone. */
  readonly constraint?: TokenConstraint
  /** Where the text goes on: bytes of a session of @retnet/generate. */
  readonly start?: Uint8Array
  /** What an engine that ended has given already. These events are not given again, and nothing is drawn in their place. */
  readonly given?: {
    /** Those whose probabilities were given. */
    readonly promptTokens: number
    readonly drawn: readonly number[]
    /** Of `drawn`, those that `start` knows of. Default 0. */
    readonly inStart?: number
  }
  /** Give the place at the end, as the last event. */
  readonly save?: boolean
  /** Give the place whenever this many tokens have been drawn. */
  readonly saveEvery?: number
  /** Prompts of one salt share what they begin with; without one nothing is shared. */
  readonly salt?: string
}

export interface JobHost {
  readonly vocabSize: number
  readonly readAhead: number
  /** The reader has made room, or has gone. */
  readonly onChange: (job: Job) => void
}

export class Job {
  readonly request: JobRequest
  readonly settings: GenerateSettings
  /** What the text begins with, without what its start has taken in: pending ids of the start, the prompt, what was drawn before. */
  readonly ids: Int32Array
  /** True if logits must come to the host: log-probabilities are wanted, or not every token may be drawn. */
  readonly needsLogits: boolean
  readonly events: Outlet<JobEvent>
  /** Jobs with the same prompt that begin where this one has taken it in. */
  followers: Job[] = []
  /** Where to begin or to go on, if not from an empty text. */
  start: Snapshot | null
  /** Of `ids`, those that are in. */
  taken = 0
  isDone = false
  readonly #host: JobHost
  /** Of `ids`, those from the prompt's end on are scored no more. */
  readonly #scoreEnd: number
  readonly #text: TextOutput
  readonly #history: History
  /** Tokens that the state of the start has taken in. */
  readonly #base: number
  /** Of the tokens of the start, the last one: it goes in with whatever comes next. */
  readonly #waits: number
  #skip: number
  #sampler: Sampler | null = null
  /** Drawn tokens, and of those the ones that are not among `ids`. */
  #drawn = 0
  #new = 0
  #savedAt: number
  #last: number
  #begun = false
  /** Of `taken`, those that were not computed for this job. */
  #reused = 0
  #stopped = false
  /** All is drawn; the place is yet to be saved. */
  #ends = false

  constructor(request: JobRequest, host: JobHost) {
    const { prompt, settings, codec, scorePrompt = false, given } = request
    const { promptTokens = 0, drawn = [], inStart = 0 } = given ?? {}
    this.request = request
    this.settings = settings
    this.#host = host
    this.start = request.start ? decodeSnapshot(request.start) : null
    const place = this.start ? placeOf(this.start.tensors) : { position: 0, pending: [], history: new History() }
    this.ids = Int32Array.from([...place.pending, ...Array.from(prompt), ...drawn.slice(inStart)])
    this.#base = place.position
    this.#waits = Math.min(1, place.pending.length)
    this.#history = place.history
    this.#history.addPrompt(prompt)
    this.#last = this.ids[this.ids.length - 1]
    this.#scoreEnd = scorePrompt ? Math.max(0, prompt.length - 1) : 0
    this.#skip = promptTokens
    this.needsLogits = settings.logprobs !== undefined || scorePrompt || request.constraint !== undefined
    this.events = new Outlet<JobEvent>(host.readAhead, () => host.onChange(this))
    this.#text = createTextOutput(codec, settings.stop, settings.stopIds)
    for (const [at, id] of drawn.entries()) this.#again(id, at >= inStart)
    this.#savedAt = this.#drawn
    if (this.#isComplete && this.#scoreEnd === 0 && !scorePrompt) this.#finish()
  }

  /** True once all ids but the last one are in: that one goes in with the first step of decoding. */
  get isRead(): boolean {
    return this.taken >= this.ids.length - 1
  }

  /** True if the next thing to do is to take one token in and look at what follows. */
  get steps(): boolean {
    return this.taken < this.#scoreEnd || (this.isRead && !this.#ends)
  }

  /** True if the next thing to do is to take in many tokens. */
  get reads(): boolean {
    return !this.isRead && this.taken >= this.#scoreEnd
  }

  /** The token of the next step. */
  get token(): number {
    return this.isRead ? this.#last : this.ids[this.taken]
  }

  /** True when the place is to be read from the row before the next step. */
  get saves(): boolean {
    const { save, saveEvery } = this.request
    if (this.isDone || !this.isRead) return false
    return (this.#ends && save === true) || (saveEvery !== undefined && this.#drawn - this.#savedAt >= saveEvery)
  }

  /** Tokens of the text. */
  get length(): number {
    return this.#base + this.ids.length + this.#new
  }

  /** Tokens that may be drawn before its place is saved, or it is over. */
  get left(): number {
    const { saveEvery = Infinity } = this.request
    const most = Math.min(this.settings.maxTokens - this.#drawn, saveEvery - (this.#drawn - this.#savedAt))
    return Math.min(most, Number.MAX_SAFE_INTEGER)
  }

  /** Where its row is to stop by itself: the state of a place must not be further than its text. */
  get ends(): Pick<DecodeRow, 'limit' | 'stopIds'> {
    const { save, saveEvery } = this.request
    if (!save && saveEvery === undefined) return {}
    return { limit: this.left, stopIds: this.mayOverrun ? [] : [...this.settings.stopIds] }
  }

  /** True if a device cannot know where the text ends, whose place is then saved: it ends with words, or with one of very many ids. */
  get mayOverrun(): boolean {
    const { stop, stopIds } = this.settings
    return this.request.save === true && (stop.length > 0 || stopIds.size > mostStopIds)
  }

  /** For a backend that draws itself. */
  get sampling(): SamplingSettings {
    return { ...this.settings, history: this.#history }
  }

  /** What travels with the state of the row when it is saved. */
  get place(): Readonly<Record<string, SnapshotTensor>> {
    return placeTensors({ position: this.length - 1, pending: [this.#last], history: this.#history })
  }

  /** Another job, or a store, has taken in the first `taken` of the ids. Before `begin`. */
  beginAt(start: Snapshot, taken: number): void {
    this.start = start
    this.taken = taken
    this.#reused = taken
  }

  /** The text has a row now, with its start in it. */
  begin(): void {
    if (this.#begun) return
    this.#begun = true
    this.events.push({ kind: 'begin', cached: this.#base + this.#waits + this.#reused })
    if (this.request.scorePrompt) this.#give({ kind: 'prompt', id: this.ids[0], logprob: null, top: [] })
    if (this.#isComplete && this.#scoreEnd === 0) this.#finish()
  }

  /** The logits [V] after `token`. Throws LogitsError, GrammarDeadEndError. */
  takeLogits(logits: Float32Array): void {
    if (!this.isRead) return this.#score(logits)
    const { seed, logprobs, ...rules } = this.settings
    this.#sampler ??= createSampler(rules, this.#host.vocabSize)
    const id = this.#sampler(logits, this.#history, { seed, index: this.length }, this.request.constraint?.mask())
    this.takeId(id, logprobs === undefined ? {} : logProbabilities(logits, id, logprobs))
  }

  /** The token that was drawn after `token`. */
  takeId(id: number, probabilities: Pick<DrawnToken, 'logprob' | 'top'> = {}): void {
    this.#drawn++
    this.#new++
    this.#last = id
    this.#history.addOutput(id)
    const isLast = this.#drawn === this.settings.maxTokens
    const isWhole = this.#accept(id)
    const { text, stopped } = this.#text.push(id, isLast || isWhole)
    const finishReason = stopped || isWhole ? 'stop' : isLast ? 'length' : undefined
    this.events.push({ kind: 'token', id, text, ...probabilities, ...(finishReason && { finishReason }) })
    if (finishReason) this.#finish()
  }

  /** The bytes of the row with `place`. */
  takeSaved(bytes: Uint8Array): void {
    this.#savedAt = this.#drawn
    this.events.push({ kind: 'saved', bytes, length: this.length, drawn: this.#drawn, isEnd: this.#ends })
    if (this.#ends) this.end()
  }

  /** Nobody wants the rest. What has been computed of it ends within the step that is running. */
  cancel(): void {
    if (this.isDone) return
    this.end()
    this.#host.onChange(this)
  }

  end(error?: unknown): void {
    this.isDone = true
    this.events.end(error)
  }

  get #isComplete(): boolean {
    return this.#stopped || this.#drawn >= this.settings.maxTokens
  }

  #finish(): void {
    if (this.request.save) this.#ends = true
    else this.end()
  }

  /** A token that was drawn and given before. */
  #again(id: number, isNew: boolean): void {
    this.#drawn++
    if (isNew) this.#history.addOutput(id)
    const isWhole = this.#accept(id)
    this.#stopped = this.#text.push(id, isWhole || this.#drawn === this.settings.maxTokens).stopped || isWhole
  }

  /** True if the constraint allows nothing more. */
  #accept(id: number): boolean {
    this.request.constraint?.accept(id)
    return this.request.constraint?.isComplete ?? false
  }

  #give(event: PromptToken): void {
    if (this.#skip > 0) this.#skip--
    else this.events.push(event)
  }

  #score(logits: Float32Array): void {
    this.taken++
    const id = this.ids[this.taken]
    const { logprob, top } = logProbabilities(logits, id, this.settings.logprobs ?? 0)
    this.#give({ kind: 'prompt', id, logprob, top })
    if (this.taken >= this.#scoreEnd && this.#isComplete) this.#finish()
  }
}
