/** The tokenizer as sessions use it. */
import type { TextCodec } from '@retnet/generate'
import type { Tokenizer } from '@retnet/tokenizer'

/** Text from outside is plain text: `<|endoftext|>` in a prompt is thirteen characters. Special tokens are not shown. */
export function codecOf(tokenizer: Tokenizer): TextCodec {
  return {
    encode: (text) => tokenizer.encode(text, { parseSpecialTokens: false }),
    createDecodeStream: () => tokenizer.createDecodeStream({ skipSpecialTokens: true }),
  }
}
