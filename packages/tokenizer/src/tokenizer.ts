/** The whole tokenizer: every part of a `tokenizer.json`, with offsets, pairs of texts, batches, truncation and padding. */
import { everything } from './everything.js'
import { assemble } from './encoding/assemble.js'
import { encodeSequence } from './encoding/encode-sequence.js'
import type { Encoding } from './encoding/encoding.js'
import { readFilePadding, readFileTruncation } from './encoding/file-settings.js'
import { padAll, readPadding, type Padding, type PaddingOptions } from './encoding/padding.js'
import {
  cutSequence,
  lengthsWithin,
  readTruncation,
  type Truncation,
  type TruncationOptions,
} from './encoding/truncation.js'
import { TokenizerArgumentError } from './errors.js'
import { describe } from './reading/describe.js'
import { checkText, readOptions } from './read-options.js'
import { TokenizerCore, type EncodeOptions } from './tokenizer-core.js'

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

export class Tokenizer extends TokenizerCore {
  readonly #truncation: Truncation | undefined
  readonly #padding: Padding | undefined

  private constructor(json: string | object) {
    super(json, everything)
    this.#truncation = readFileTruncation(this.parts.truncation)
    this.#padding = readFilePadding(this.parts.padding, this.vocabularySize)
  }

  /**
   * Makes a tokenizer from the text of a `tokenizer.json` or from the value `JSON.parse` gives for it. Throws
   * `TokenizerFormatError` if the file is broken and `UnsupportedTokenizerError` if it needs a part that is not here.
   */
  static fromJson(json: string | object): Tokenizer {
    return new Tokenizer(json)
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
    const { single, pair } = this.parts.postProcessor
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
