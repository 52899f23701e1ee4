import type { GenerateOptions } from '@retnet/generate'
import type { TokenCodec } from '../grammar/vocabulary-of.js'

export interface ChatMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant'
  readonly content: string
  readonly name?: string
}

/** Text to ids and all ids back at once. */
export interface ServedCodec extends TokenCodec {
  decode(ids: ArrayLike<number>): string
  /** `encode` of a long text, in another thread: requests are answered meanwhile. */
  encodeAside?(text: string): Promise<ArrayLike<number>>
}

/** What the server must know of a model besides the engine that runs it. */
export interface ServedModel {
  /** The name that requests give. */
  readonly id: string
  readonly codec: ServedCodec
  /** Goes before a prompt that is text, where the model was trained so. */
  readonly bosToken?: number | null
  /** Tokens that end a text. */
  readonly eosTokens?: readonly number[]
  /** What holds where a request does not say, in place of the defaults of @retnet/generate. */
  readonly defaults?: Pick<GenerateOptions, 'temperature' | 'topP' | 'topK' | 'repetitionPenalty'>
  /**
   * The ids of a conversation up to where the answer begins, by the chat template of the model. Absent: it has none.
   * What is wrong with the messages is thrown as an error of this project, and goes to the client.
   */
  readonly encodeChat?: (messages: readonly ChatMessage[]) => ArrayLike<number> | Promise<ArrayLike<number>>
  /**
   * The ids of messages that go on with a conversation whose last token is `last`, up to where the next answer begins. Null if the
   * template does not put an answer and what follows one after the other. Errors as those of `encodeChat`.
   */
  readonly continueChat?: (
    messages: readonly ChatMessage[],
    last: number,
  ) => ArrayLike<number> | null | Promise<ArrayLike<number> | null>
  /** Fingerprint of the tokenizer: sessions that were written with another are refused. */
  readonly tokenizer?: string
}
