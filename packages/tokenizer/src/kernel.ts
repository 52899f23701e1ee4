/** What `@retnet/tokenizer` and `/plus` share besides `core.ts`, and the parts that are fetched on demand: one file too. */
export * from './decoders/decoder.js'
export * from './decoders/read-byte.js'
export * from './encoding/run-pipeline.js'
export * from './normalizers/unicode-forms.js'
export * from './parts/fetch-parts.js'
export * from './parts/base.js'
export * from './tokenizer.js'
