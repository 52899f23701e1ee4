/** The entry `@retnet/tokenizer/plus`: the tokenizer with offsets, pairs, batches, truncation and padding. */
export { TokenizerPlus, type EncodePlusOptions, type TextInput } from './tokenizer-plus.js'
export type { Encoding } from './encoding/encoding.js'
export type { PaddingOptions } from './encoding/padding.js'
export type { TruncationOptions } from './encoding/truncation.js'
