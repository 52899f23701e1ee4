/** From ids to text, at once or as a stream, over the tokens of a file. */
import type { StepReaders } from '../catalog.js'
import type { Decoder } from './decoder.js'
import type { DecodeStream } from './decode-stream.js'

export interface IdDecoder {
  decode(ids: ArrayLike<number>, skipSpecial: boolean): string
  createStream(skipSpecial: boolean): DecodeStream
  /** The bytes that a token adds behind another one; none for a special token. */
  tokenBytes(id: number): Uint8Array
}

/** Tokens as decoding sees them. */
export interface TokenTable {
  readonly tokens: readonly string[]
  /** 1 for special tokens. */
  readonly special: Uint8Array // [tokens]
}

/** Reads `decoder` of a file for its tokens, with readers of its steps. */
export type DecoderReader = (value: unknown, table: TokenTable, readers: StepReaders<Decoder>) => IdDecoder
