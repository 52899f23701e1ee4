/** What a caller may ask of a generation. Names are camelCase forms of the OpenAI and transformers ones. */

export interface GenerateOptions {
  /** Most tokens to generate; 0 only takes the prompt in. Default 256. */
  readonly maxTokens?: number
  /** 0 to 100; 0 always takes the best token. Default 1. */
  readonly temperature?: number
  /** Keep the k best tokens; 0 keeps all. Default 0. */
  readonly topK?: number
  /** Keep the fewest best tokens with this probability together: above 0, up to 1. Default 1. */
  readonly topP?: number
  /** Keep tokens with at least this fraction of the best one's probability: from 0, below 1. Default 0. */
  readonly minP?: number
  /** Factor on the logits of all tokens seen, prompt included: above 0, up to 10. Default 1. */
  readonly repetitionPenalty?: number
  /** Taken from a logit for each time that the token occurs in the output: -2 to 2. Default 0. */
  readonly frequencyPenalty?: number
  /** Taken from a logit once if the token occurs in the output: -2 to 2. Default 0. */
  readonly presencePenalty?: number
  /** Added to the logits of these token ids: -100 to 100 each. */
  readonly logitBias?: Readonly<Record<number, number>>
  /** Integer from 0 to 2^53 - 1. Equal seeds give equal text; without one it is random and reported in the result. */
  readonly seed?: number
  /** Up to 16 strings of up to 1,024 characters that end the text; they are not part of it. Needs a codec. */
  readonly stop?: string | readonly string[]
  /** Tokens that end the generation. They are reported as ids, and stay in the session, but have no text. */
  readonly stopIds?: readonly number[]
  /** Report the log-probability of each token, and of this many best ones (0 to 100). */
  readonly logprobs?: number
  /** Ends the stream by throwing `signal.reason`; the session keeps what was generated until then. */
  readonly signal?: AbortSignal
}

/** Options after validation, complete. */
export interface GenerateSettings {
  readonly maxTokens: number
  readonly temperature: number
  readonly topK: number
  readonly topP: number
  readonly minP: number
  readonly repetitionPenalty: number
  readonly frequencyPenalty: number
  readonly presencePenalty: number
  readonly logitBias: ReadonlyMap<number, number>
  readonly seed: number
  readonly stop: readonly string[]
  readonly stopIds: ReadonlySet<number>
  /** Undefined: none are computed. */
  readonly logprobs: number | undefined
  readonly signal: AbortSignal | undefined
}

/** The numbers that hold where the caller names none. */
export const defaultOptions = {
  maxTokens: 256,
  temperature: 1,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
} as const
