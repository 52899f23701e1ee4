/** The entry `@retnet/tokenizer/bpe`: ids of byte-level BPE files and nothing else, for pages that count bytes. */
import { extend, type TokenizerParts } from './catalog.js'
import { byteParts } from './parts/bytes.js'
import type { Fields } from './reading/fields.js'
import { readFrame } from './read-tokenizer-json.js'
import { TokenizerCore } from './tokenizer-core.js'

export class BpeTokenizer extends TokenizerCore {
  private constructor(file: Fields, parts: readonly TokenizerParts[]) {
    super(file, extend(byteParts(), parts))
  }

  /**
   * Makes a tokenizer from the text of a `tokenizer.json` or from the value `JSON.parse` gives for it. Files with the pattern of
   * GPT-2 need no `parts`; those with `Split` need `splitParts` of `@retnet/tokenizer/parts`. Throws `TokenizerFormatError` if the
   * file is broken and `UnsupportedTokenizerError` if it needs a part that is not here, for which there is `@retnet/tokenizer`.
   */
  static fromJson(json: string | object, parts: readonly TokenizerParts[] = []): BpeTokenizer {
    return new BpeTokenizer(readFrame(json), parts)
  }
}

export type { DecodeOptions, EncodeOptions } from './tokenizer-core.js'
export type { DecodeStream } from './decoders/decode-stream.js'
export {
  TokenIdError,
  TokenizerArgumentError,
  TokenizerError,
  TokenizerFormatError,
  UnsupportedTokenizerError,
} from './errors.js'
