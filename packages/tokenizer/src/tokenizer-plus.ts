/** Everything about the tokens of texts: offsets, pairs of texts, batches, truncation and padding. */
import { extend, type Catalog, type TokenizerParts } from './catalog.js'
import { assemble } from './encoding/assemble.js'
import { encodeSequence } from './encoding/encode-sequence.js'
import type { Encoding } from './encoding/encoding.js'
import { padAll, readFilePadding, readPadding, type Padding, type PaddingOptions } from './encoding/padding.js'
import {
  cutSequence,
  lengthsWithin,
  readFileTruncation,
  readTruncation,
  type Truncation,
  type TruncationOptions,
} from './encoding/truncation.js'
import { TokenizerArgumentError } from './errors.js'
import { formReaders } from './normalizers/plain-forms.js'
import { unicodeForm } from './normalizers/unicode-forms.js'
import { fetchParts } from './parts/fetch-parts.js'
import { baseParts } from './parts/base.js'
import { readTemplates } from './post-processors/templates.js'
import { describe } from './reading/describe.js'
import { field, type Fields } from './reading/fields.js'
import { checkText, readOptions } from './read-options.js'
import { readFrame } from './read-tokenizer-json.js'
import type { EncodeOptions } from './tokenizer-core.js'
import { Tokenizer } from './tokenizer.js'

/** A text, or two that belong together, such as a question and an answer. */
export type TextInput = string | readonly [string, string]

export interface EncodePlusOptions extends EncodeOptions {
  /** How to shorten what is too long; `false` for not at all. Default: as the file says. */
  readonly truncation?: TruncationOptions | false
  /** How to fill what is too short; `false` for not at all. Default: as the file says. */
  readonly padding?: PaddingOptions | false
}

interface Plan {
  readonly addSpecial: boolean
  readonly parseSpecial: boolean
  readonly truncation: Truncation | undefined
  readonly padding: Padding | undefined
}

const DEFAULTS: EncodePlusOptions = {
  addSpecialTokens: true,
  parseSpecialTokens: true,
  truncation: undefined,
  padding: undefined,
}

/** Offsets and pairs besides what `baseParts` has. */
const plusParts = (): Catalog => ({
  ...baseParts(),
  normalizers: formReaders(unicodeForm),
  readPostProcessor: readTemplates,
})

export class TokenizerPlus extends Tokenizer {
  readonly #truncation: Truncation | undefined
  readonly #padding: Padding | undefined

  private constructor(file: Fields, parts: readonly TokenizerParts[]) {
    super(file, extend(plusParts(), parts))
    this.#truncation = readFileTruncation(field(file, 'truncation'))
    this.#padding = readFilePadding(field(file, 'padding'), this.vocabularySize)
  }

  /** As `Tokenizer.load`. */
  static override async load(json: string | object): Promise<TokenizerPlus> {
    const file = readFrame(json)
    return new TokenizerPlus(file, await fetchParts(file))
  }

  /** As `Tokenizer.fromJson`. */
  static override fromJson(json: string | object, parts: readonly TokenizerParts[] = []): TokenizerPlus {
    return new TokenizerPlus(readFrame(json), parts)
  }

  /**
   * Everything about the tokens of a text or of two: ids, offsets, words, segments, masks. Special tokens are added, and truncation
   * and padding of the file hold, unless the options say otherwise (`encode` gives the bare ids, and does neither).
   */
  encodePlus(input: TextInput, options: EncodePlusOptions = {}): Encoding {
    return this.#encodeAll('encodePlus', [input], options)[0]
  }

  /** `encodePlus` of many; padding makes them equally long. */
  encodeBatch(inputs: readonly TextInput[], options: EncodePlusOptions = {}): Encoding[] {
    if (!Array.isArray(inputs))
      throw new TokenizerArgumentError('encodeBatch: inputs', 'a list of texts', describe(inputs))
    return this.#encodeAll('encodeBatch', inputs, options)
  }

  #encodeAll(call: string, inputs: readonly TextInput[], options: EncodePlusOptions): Encoding[] {
    const plan = this.#plan(call, options)
    const texts = inputs.map((input) => readInput(call, input))
    const encodings = texts.map((pair) => this.#encodeOne(call, pair, plan))
    return plan.padding ? padAll(encodings, plan.padding) : encodings
  }

  #plan(call: string, options: EncodePlusOptions): Plan {
    const { addSpecialTokens, parseSpecialTokens, truncation, padding } = readOptions(call, options, DEFAULTS)
    const padId = this.#padding?.padId ?? this.tokenToId('<pad>') ?? this.tokenToId('[PAD]')
    return {
      addSpecial: addSpecialTokens!,
      parseSpecial: parseSpecialTokens!,
      truncation:
        truncation === undefined ? this.#truncation : truncation ? readTruncation(call, truncation) : undefined,
      padding:
        padding === undefined
          ? this.#padding
          : padding
            ? readPadding(call, padding, padId, this.vocabularySize)
            : undefined,
    }
  }

  #encodeOne(call: string, texts: readonly string[], { addSpecial, parseSpecial, truncation }: Plan): Encoding {
    const { single, pair } = this.parts.postProcessor.templates!
    const template = texts.length === 1 ? single : pair
    if (!template)
      throw new TokenizerArgumentError(`${call}: input`, 'one text, as the file has no template for two', 'two')
    const sequences = texts.map((text) => encodeSequence(this.parts, text, parseSpecial))
    if (!truncation) return assemble(sequences, template, addSpecial, [])
    const added = addSpecial ? template.reduce((sum, { ids }) => sum + (ids?.length ?? 0), 0) : 0
    if (added > truncation.maxLength) {
      throw new TokenizerArgumentError(
        `${call}: truncation.maxLength`,
        `room for ${added} special tokens`,
        `${truncation.maxLength}`,
      )
    }
    const lengths = lengthsWithin(sequences, truncation.maxLength - added, truncation.strategy)
    const pieces = sequences.map((sequence, i) => cutSequence(sequence, lengths[i], truncation))
    const kept = pieces.map(([first]) => first)
    // What is left of one text goes with what the other keeps.
    const overflow = pieces.flatMap((list, i) =>
      list.slice(1).map((piece) => assemble(kept.with(i, piece), template, addSpecial, [])),
    )
    return assemble(kept, template, addSpecial, overflow)
  }
}

function readInput(call: string, input: TextInput): readonly string[] {
  const texts: readonly unknown[] = Array.isArray(input) ? input : [input]
  if (texts.length > 2 || texts.length === 0) {
    throw new TokenizerArgumentError(`${call}: input`, 'a text or two', describe(input))
  }
  for (const text of texts) checkText(`${call}: input`, text)
  return texts as readonly string[]
}
