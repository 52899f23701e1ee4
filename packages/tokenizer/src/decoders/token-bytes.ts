/** The bytes of every token in one array: what byte-level decoding reads. */
import type { TokenTable } from './id-decoder.js'

export interface TokenBytes {
  readonly bytes: Uint8Array
  /** Token `id` is `bytes[offsets[id] .. offsets[id + 1]]`. */
  readonly offsets: Uint32Array // [tokens + 1]
  /** 1 for special tokens. */
  readonly special: Uint8Array // [tokens]
}

/** Writes a token's bytes to `out` from `at`, at most 3 per code unit, and returns where they end. */
export type WriteToken = (token: string, out: Uint8Array, at: number) => number

export function createTokenBytes({ tokens, special }: TokenTable, write: WriteToken): TokenBytes {
  const room = tokens.reduce((units, token) => units + token.length, 0) * 3
  const bytes = new Uint8Array(room)
  const offsets = new Uint32Array(tokens.length + 1)
  tokens.forEach((token, id) => (offsets[id + 1] = write(token, bytes, offsets[id])))
  return {
    bytes: bytes.slice(0, offsets[tokens.length]),
    offsets,
    special,
  }
}
