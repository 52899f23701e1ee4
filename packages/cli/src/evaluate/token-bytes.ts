import type { Tokenizer } from '@retnet/tokenizer'

/** How many bytes of UTF-8 each token stands for. A character that several tokens share counts for the one that completes it. */
export function tokenBytes(tokenizer: Tokenizer, tokens: ArrayLike<number>): Int32Array {
  const stream = tokenizer.createDecodeStream()
  return Int32Array.from({ length: tokens.length }, (_, index) => Buffer.byteLength(stream.push(tokens[index])))
}
