/** The bytes of every token in one array: what byte-level decoding reads. */
import { writeTokenBytes } from '../models/bpe/byte-alphabet.js'
import type { TokenTable } from './id-decoder.js'

export interface TokenBytes {
  readonly bytes: Uint8Array
  /** Token `id` is `bytes[offsets[id] .. offsets[id + 1]]`. */
  readonly offsets: Uint32Array // [tokens + 1]
  /** 1 for special tokens. */
  readonly special: Uint8Array // [tokens]
}

export function createTokenBytes({ tokens, special }: TokenTable): TokenBytes {
  // At most 3 bytes a code unit.
  const bytes = new Uint8Array(tokens.reduce((units, token) => units + token.length, 0) * 3)
  const offsets = new Uint32Array(tokens.length + 1)
  tokens.forEach((token, id) => (offsets[id + 1] = writeTokenBytes(token, bytes, offsets[id])))
  return { bytes: bytes.slice(0, offsets[tokens.length]), offsets, special }
}
