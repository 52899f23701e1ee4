/** What this package needs from others: a model that takes in ids, and something that turns text into ids and back. */
import type { SamplingSettings, SnapshotTensor, State } from '@retnet/core'

/** The part of `Model` of @retnet/core that generation uses. */
export interface LanguageModel {
  readonly spec: { readonly vocabSize: number }
  /** Bytes of the state of one sequence. */
  readonly stateBytes: number
  /** The state before the first token. */
  createState(): Promise<State>
  /** Takes tokens in. When it throws, the state holds the tokens that `onProgress` last reported. */
  consume(
    state: State,
    tokens: ArrayLike<number>,
    options?: { readonly signal?: AbortSignal; readonly onProgress?: (tokens: number) => void },
  ): Promise<void>
  /** Takes one token in and returns the logits [V] of the one after it. When it throws, the state is as it was. */
  next(state: State, token: number, signal?: AbortSignal): Promise<Float32Array>
  /** True if there is a `decodeMany` and it works here. */
  readonly drawsTokens?: boolean
  /**
   * Takes a token in, draws the next one by the rules of `createSampler`, takes that in, and so on, `count` times without coming back.
   * Returns the drawn ids [count]; the state has then taken in all but the last. From the first one on that is -1, nothing could be drawn
   * and the state is of no use. When it throws, the state is as it was.
   */
  decodeMany?(
    state: State,
    token: number,
    settings: SamplingSettings,
    count: number,
    signal?: AbortSignal,
  ): Promise<Int32Array>
  /** Throws at the first id that the vocabulary does not have. */
  checkTokens(tokens: ArrayLike<number>): void
  /** A state and named tensors as bytes that every backend reads. */
  saveState(state: State, extra?: Readonly<Record<string, SnapshotTensor>>): Promise<Uint8Array>
  loadState(bytes: Uint8Array): Promise<{ state: State; extra: Record<string, SnapshotTensor> }>
}

/** Text to ids and back. `Tokenizer` of @retnet/tokenizer is one. */
export interface TextCodec {
  encode(text: string): ArrayLike<number>
  /** A decoder for ids that come one at a time. */
  createDecodeStream(): {
    /** The text that this id completes; empty while a character is incomplete. */
    push(id: number): string
    /** What is left when no id follows. */
    flush(): string
  }
}
