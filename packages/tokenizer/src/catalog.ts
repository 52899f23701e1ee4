/** Which parts of a `tokenizer.json` an entry of this package can read. */
import type { DecoderReader } from './decoders/id-decoder.js'
import type { Model } from './models/model.js'
import type { Normalizer } from './normalizers/normalizer.js'
import type { Origin } from './origin/origin.js'
import type { PostProcessor } from './post-processors/read-post-processor.js'
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
  readonly postProcessors: StepReaders<PostProcessor>
  readonly readDecoder: DecoderReader
  /** Whether text in parts can be encoded part by part, as far as the steps of the file go. */
  readonly canCutStream: (file: Fields, cutsAtMarks: boolean) => boolean
  /** Cuts words of BPE files without a pre-tokenizer, undefined where that could change an id. */
  readonly splitWords?: (vocabulary: ReadonlyMap<string, number>) => PreTokenizer | undefined
  /** Writes a piece in the byte alphabet, where `ByteLevel` is not left to the model. */
  readonly byteCharacters?: PreTokenizer
  readonly originOf?: (text: string) => Origin
}
