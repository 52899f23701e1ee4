export { Tokenizer, type IdArray } from './tokenizer.js'
export type { DecodeOptions, EncodeOptions } from './tokenizer-core.js'
export type { TokenizerParts } from './catalog.js'
export type { DecodeStream } from './decoders/decode-stream.js'
export type { EncodeStream } from './streaming/encode-stream.js'
export {
  TokenIdError,
  TokenizerArgumentError,
  TokenizerError,
  TokenizerFormatError,
  UnsupportedTokenizerError,
} from './errors.js'
