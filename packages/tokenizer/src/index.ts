export { Tokenizer, type EncodePlusOptions, type TextInput } from './tokenizer.js'
export type { DecodeOptions, EncodeOptions, IdArray } from './tokenizer-core.js'
export type { Encoding } from './encoding/encoding.js'
export type { PaddingOptions } from './encoding/padding.js'
export type { TruncationOptions } from './encoding/truncation.js'
export type { DecodeStream } from './decoders/decode-stream.js'
export type { EncodeStream } from './streaming/encode-stream.js'
export {
  TokenIdError,
  TokenizerArgumentError,
  TokenizerError,
  TokenizerFormatError,
  UnsupportedTokenizerError,
} from './errors.js'
