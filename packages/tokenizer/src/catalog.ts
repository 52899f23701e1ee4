/** Which parts of a `tokenizer.json` can be read. Parts that few files need come in catalogs of their own, fetched on demand. */
import type { Decoder } from './decoders/decoder.js'
import type { DecoderReader } from './decoders/id-decoder.js'
import type { Alphabet } from './models/bpe/alphabet.js'
import type { CharacterRule } from './models/bpe/character-symbols.js'
import type { Model } from './models/model.js'
import type { Normalizer } from './normalizers/normalizer.js'
import type { PostProcessorReader } from './post-processors/affixes.js'
import type { PreTokenizer } from './pre-tokenizers/pre-tokenizer.js'
import type { Fields } from './reading/fields.js'
import type { Step } from './reading/steps.js'

/** Readers by the `type` they read. */
export type StepReaders<T> = Readonly<Record<string, (step: Step) => T>>

/** Makes the alphabet of a BPE model. */
export type AlphabetMaker = (vocabulary: ReadonlyMap<string, number>, rule: CharacterRule) => Alphabet

/** Reads a model; `bytes` says that `ByteLevel` stands last among the pre-tokenizers. */
export type ModelReader = (fields: Fields, path: string, bytes: boolean, characters?: AlphabetMaker) => Model

export interface Catalog {
  readonly models: Readonly<Record<string, ModelReader>>
  readonly normalizers: StepReaders<Normalizer | readonly Normalizer[]>
  readonly preTokenizers: StepReaders<PreTokenizer>
  readonly decoders: StepReaders<Decoder>
  readonly readPostProcessor: PostProcessorReader
  /** The type of a model that names none; BPE if this is left out. */
  readonly oldType?: (model: Fields) => string
  readonly readDecoder: DecoderReader
  /** The alphabet of BPE over characters. */
  readonly characters?: AlphabetMaker
  /** Cuts words of BPE files without a pre-tokenizer, undefined where that could change an id. */
  readonly splitWords?: (vocabulary: ReadonlyMap<string, number>) => PreTokenizer | undefined
  /** Writes a piece in the byte alphabet, where `ByteLevel` is not left to the model. */
  readonly byteCharacters?: PreTokenizer
  /**
   * Of steps that look no further than from a letter to the space behind it: whether they cut there. A type that is not here, or
   * undefined, looks further, so that text in parts must wait for its end.
   */
  readonly cuts: StepReaders<boolean | undefined>
}

/** Parts to read more files with. */
export type TokenizerParts = Partial<Catalog>

const RECORDS = ['models', 'normalizers', 'preTokenizers', 'decoders', 'cuts'] as const

/** All of `catalog` and of `parts`; the later holds. */
export function extend(catalog: Catalog, parts: readonly TokenizerParts[]): Catalog {
  return parts.reduce<Catalog>((all, part) => {
    const records = RECORDS.map((key) => [key, { ...all[key], ...part[key] }])
    return { ...all, ...part, ...Object.fromEntries(records) }
  }, catalog)
}
