/** The tokenizer as sessions use it. */
import type { TokenCodec } from '@retnet/serve'
import type { Tokenizer } from '@retnet/tokenizer'

/** Text from outside is plain text: `<|endoftext|>` in a prompt is thirteen characters. Special tokens are not shown. */
export function codecOf(tokenizer: Tokenizer): TokenCodec {
  return {
    encode: (text) => tokenizer.encode(text, { parseSpecialTokens: false }),
    tokenBytes: (id) => tokenizer.tokenBytes(id),
    createDecodeStream: () => tokenizer.createDecodeStream({ skipSpecialTokens: true }),
  }
}
