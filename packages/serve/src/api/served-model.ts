import type { GenerateOptions, TextCodec } from '@retnet/generate'

export interface ChatMessage {
  readonly role: 'system' | 'developer' | 'user' | 'assistant'
  readonly content: string
  readonly name?: string
}

/** Text to ids and all ids back at once. */
export interface ServedCodec extends TextCodec {
  decode(ids: ArrayLike<number>): string
  /**
   * The bytes that a token adds within a text, empty for a special one. Without it they are found by decoding, and tokens with parts of
   * characters are left out of texts with a `response_format`.
   */
  tokenBytes?(id: number): Uint8Array
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
  readonly encodeChat?: (messages: readonly ChatMessage[]) => ArrayLike<number>
}
