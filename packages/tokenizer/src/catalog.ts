/** Which parts of a `tokenizer.json` an entry of this package can read. */
import type { Decoder } from './decoders/decoder.js'
import type { Model } from './models/model.js'
import type { Normalizer } from './normalizers/normalizer.js'
import type { PreTokenizer } from './pre-tokenizers/pre-tokenizer.js'
import type { Fields } from './reading/fields.js'
import type { Step } from './reading/steps.js'

/** Readers by the `type` they read. */
export type StepReaders<T> = Readonly<Record<string, (step: Step) => T>>

/** Reads a model; `bytes` says that `ByteLevel` stands last among the pre-tokenizers. */
export type ModelReader = (fields: Fields, path: string, bytes: boolean) => Model

export interface Catalog {
  readonly models: Readonly<Record<string, ModelReader>>
  readonly normalizers: StepReaders<Normalizer | readonly Normalizer[]>
  readonly preTokenizers: StepReaders<PreTokenizer>
  readonly decoders: StepReaders<Decoder>
}
