/** One text that is being written: how far its prompt is in, what comes next, what has been drawn. It knows no batch. */
import type { SamplingSettings, Snapshot } from '@retnet/core'
import {
  type GenerateSettings,
  type Sampler,
  type TextCodec,
  type TokenLogProbability,
  createSampler,
  logProbabilities,
} from '@retnet/generate'
import { Outlet } from './outlet.js'
import { type TextOutput, createTextOutput } from './text.js'

export type FinishReason = 'stop' | 'length'

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

export type JobEvent = PromptToken | DrawnToken

export interface JobRequest {
  /** At least one id. */
  readonly prompt: ArrayLike<number>
  /** Of `validateOptions`; its signal is not looked at. */
  readonly settings: GenerateSettings
  readonly codec: TextCodec
  /** Give the log-probabilities of the prompt too, which then goes in token by token. */
  readonly scorePrompt?: boolean
}

export interface JobHost {
  readonly vocabSize: number
  readonly readAhead: number
  /** The reader has made room, or has gone. */
  readonly onChange: (job: Job) => void
}

export class Job {
  readonly prompt: ArrayLike<number>
  readonly settings: GenerateSettings
  /** True if logits must come to the host: log-probabilities are wanted. */
  readonly needsLogits: boolean
  readonly events: Outlet<JobEvent>
  /** Jobs with the same prompt that begin where this one has taken it in. */
  followers: Job[] = []
  /** Where to begin or to go on, if not from an empty text. */
  start: Snapshot | null = null
  /** Tokens of the prompt that are in. */
  taken = 0
  isDone = false
  isCancelled = false
  /** When it had a row for the first time, of `performance.now`. */
  admittedAt: number | null = null
  readonly #host: JobHost
  readonly #scores: boolean
  readonly #text: TextOutput
  readonly #history: { seen: Set<number>; output: Map<number, number> }
  #sampler: Sampler | null = null
  #drawn = 0
  #last: number

  constructor({ prompt, settings, codec, scorePrompt = false }: JobRequest, host: JobHost) {
    this.prompt = prompt
    this.settings = settings
    this.#host = host
    this.#scores = scorePrompt
    this.needsLogits = settings.logprobs !== undefined || scorePrompt
    this.events = new Outlet<JobEvent>(host.readAhead, () => host.onChange(this))
    this.#text = createTextOutput(codec, settings.stop, settings.stopIds)
    this.#history = { seen: new Set(Array.from(prompt)), output: new Map() }
    this.#last = prompt[prompt.length - 1]
    if (scorePrompt) this.events.push({ kind: 'prompt', id: prompt[0], logprob: null, top: [] })
    if (settings.maxTokens === 0 && !(scorePrompt && prompt.length > 1)) this.end()
  }

  /** True once all of the prompt but its last token is in: that one goes in with the first step of decoding. */
  get isRead(): boolean {
    return this.taken >= this.prompt.length - 1
  }

  /** True if the next thing to do is to take one token in and look at what follows. */
  get steps(): boolean {
    return this.isRead || this.#scores
  }

  /** The token of the next step. */
  get token(): number {
    return this.isRead ? this.#last : this.prompt[this.taken]
  }

  /** For a backend that draws itself. */
  get sampling(): SamplingSettings {
    return { ...this.settings, history: this.#history }
  }

  /** The logits [V] after `token`. Throws LogitsError. */
  takeLogits(logits: Float32Array): void {
    if (!this.isRead) return this.#score(logits)
    const { seed, logprobs, ...rules } = this.settings
    this.#sampler ??= createSampler(rules, this.#host.vocabSize)
    const index = this.prompt.length + this.#drawn
    const id = this.#sampler(logits, this.#history, { seed, index })
    this.takeId(id, logprobs === undefined ? {} : logProbabilities(logits, id, logprobs))
  }

  /** The token that was drawn after `token`. */
  takeId(id: number, probabilities: Pick<DrawnToken, 'logprob' | 'top'> = {}): void {
    this.#drawn++
    this.#last = id
    this.#history.seen.add(id)
    this.#history.output.set(id, (this.#history.output.get(id) ?? 0) + 1)
    const isLast = this.#drawn === this.settings.maxTokens
    const { text, stopped } = this.#text.push(id, isLast)
    const finishReason = stopped ? 'stop' : isLast ? 'length' : undefined
    this.events.push({ kind: 'token', id, text, ...probabilities, ...(finishReason && { finishReason }) })
    if (finishReason) this.end()
  }

  /** Nobody wants the rest; a reader who is still there gets the error. What has been computed of it ends within the step that is running. */
  cancel(error?: unknown): void {
    if (this.isDone) return
    this.isCancelled = true
    this.end(error)
    this.#host.onChange(this)
  }

  end(error?: unknown): void {
    this.isDone = true
    this.events.end(error)
  }

  #score(logits: Float32Array): void {
    this.taken++
    const id = this.prompt[this.taken]
    const { logprob, top } = logProbabilities(logits, id, this.settings.logprobs ?? 0)
    this.events.push({ kind: 'prompt', id, logprob, top })
    if (this.isRead && this.settings.maxTokens === 0) this.end()
  }
}
