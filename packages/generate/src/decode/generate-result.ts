import type { TokenLogProbability } from '../sampling/log-probabilities.js'

/** One generated token. The texts of all pieces joined are the text of the result; one may be empty while a character is incomplete. */
export interface GeneratePiece {
  readonly id: number
  /** Empty without a codec. */
  readonly text: string
  /** Natural logarithm of the model's own probability of this token; with the option `logprobs`. */
  readonly logprob?: number
  /** The best tokens at this place, best first; with the option `logprobs`. */
  readonly top?: readonly TokenLogProbability[]
}

export interface GenerateResult {
  readonly text: string
  /** All generated ids, with those of a stop string or the stop id. */
  readonly ids: readonly number[]
  /** Tokens of the text before the first generated one. */
  readonly promptTokens: number
  readonly completionTokens: number
  /** `aborted`: the stream was ended by its reader. */
  readonly finishReason: 'stop' | 'length' | 'aborted'
  /** The seed that gives this text again. */
  readonly seed: number
  /** Milliseconds to the first token, with taking in what was pending of the prompt. */
  readonly ttftMs: number
  /** Speed after the first token, without the time that the reader of the stream took; 0 with less than two tokens. */
  readonly tokensPerSecond: number
  readonly stateBytes: number
}
