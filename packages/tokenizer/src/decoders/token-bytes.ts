/** The bytes of every token in one array: what byte-level decoding reads. */

export interface TokenBytes {
  readonly bytes: Uint8Array
  /** Token `id` is `bytes[offsets[id] .. offsets[id + 1]]`. */
  readonly offsets: Uint32Array // [tokens + 1]
  /** 1 for special tokens. */
  readonly special: Uint8Array // [tokens]
}

export function createTokenBytes(
  tokens: readonly string[],
  isSpecial: (token: string) => boolean,
  bytesOf: (token: string) => Uint8Array,
): TokenBytes {
  const parts = tokens.map(bytesOf)
  const offsets = new Uint32Array(tokens.length + 1)
  parts.forEach((part, id) => (offsets[id + 1] = offsets[id] + part.length))
  const bytes = new Uint8Array(offsets[tokens.length])
  parts.forEach((part, id) => bytes.set(part, offsets[id]))
  return { bytes, offsets, special: Uint8Array.from(tokens, (token) => Number(isSpecial(token))) }
}
