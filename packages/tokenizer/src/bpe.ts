/** The entry `@retnet/tokenizer/bpe`: ids of byte-level BPE files and nothing else, for pages that count bytes. */
import { bpeParts } from './bpe-parts.js'
import { UnsupportedTokenizerError } from './errors.js'
import { describe } from './reading/describe.js'
import { TokenizerCore } from './tokenizer-core.js'

export class BpeTokenizer extends TokenizerCore {
  private constructor(json: string | object) {
    super(json, bpeParts)
    for (const key of ['truncation', 'padding'] as const) {
      if (this.parts[key] !== null) throw new UnsupportedTokenizerError(key, 'null', describe(this.parts[key]))
    }
  }

  /**
   * Makes a tokenizer from the text of a `tokenizer.json` or from the value `JSON.parse` gives for it. Throws
   * `TokenizerFormatError` if the file is broken and `UnsupportedTokenizerError` if it needs a part that is not here, for which
   * there is `@retnet/tokenizer`.
   */
  static fromJson(json: string | object): BpeTokenizer {
    return new BpeTokenizer(json)
  }
}

export type { DecodeOptions, EncodeOptions, IdArray } from './tokenizer-core.js'
export type { DecodeStream } from './decoders/decode-stream.js'
export type { EncodeStream } from './streaming/encode-stream.js'
export {
  TokenIdError,
  TokenizerArgumentError,
  TokenizerError,
  TokenizerFormatError,
  UnsupportedTokenizerError,
} from './errors.js'
