export { Tokenizer, type DecodeOptions, type EncodeOptions } from './tokenizer.js'
export type { DecodeStream } from './decoders/decode-stream.js'
export {
  TokenIdError,
  TokenizerArgumentError,
  TokenizerError,
  TokenizerFormatError,
  UnsupportedTokenizerError,
} from './errors.js'
