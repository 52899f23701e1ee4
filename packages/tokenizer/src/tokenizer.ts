/** The tokenizer for any file: with text and ids that come in parts, and ids that go into arrays of the caller. */
import { checkId } from './check-id.js'
import { extend, type Catalog, type TokenizerParts } from './catalog.js'
import { runPipeline } from './encoding/run-pipeline.js'
import { TokenizerArgumentError } from './errors.js'
import type { IdBuffer } from './models/id-buffer.js'
import { modelOf } from './models/model-type.js'
import type { Normalizer } from './normalizers/normalizer.js'
import { identityOrigin } from './origin/origin.js'
import { fetchParts } from './parts/fetch-parts.js'
import { baseParts } from './parts/base.js'
import { describe } from './reading/describe.js'
import { field, type Fields } from './reading/fields.js'
import { readSteps, readWith } from './reading/steps.js'
import { toWellFormed } from './reading/well-formed.js'
import { checkText, readOptions } from './read-options.js'
import { readFrame } from './read-tokenizer-json.js'
import { canCutStream } from './streaming/can-cut-stream.js'
import { createEncodeStream, type EncodeStream } from './streaming/encode-stream.js'
import { ENCODE_DEFAULTS, TokenizerCore, type DecodeOptions, type EncodeOptions } from './tokenizer-core.js'

/** An array that `encodeInto` can fill. */
export type IdArray = Uint32Array | Int32Array | Uint16Array | Float64Array

export class Tokenizer extends TokenizerCore {
  /** Normalizers for text that goes on from text before: without those that mark a beginning. */
  readonly #continuing: readonly Normalizer[]
  /** Whether the pre-tokenizer must know where in the text it is. */
  readonly #needsOrigin: boolean
  /** Whether a text may be cut between a letter and a space, and encoded in two. */
  readonly #canCut: boolean

  protected constructor(file: Fields, catalog: Catalog) {
    super(file, catalog)
    const { added, model, preTokenize } = this.parts
    const normalizers = readSteps(field(file, 'normalizer'), 'normalizer', 'normalizers')
    const preTokenizers = readSteps(field(file, 'pre_tokenizer'), 'pre_tokenizer', 'pretokenizers')
    const isBare = preTokenizers.length === 0 && modelOf(file, catalog.oldType).type === 'BPE'
    const splitWords = isBare ? catalog.splitWords?.(model.vocabulary) : undefined
    this.parts.preTokenize = splitWords ?? preTokenize
    this.#continuing = normalizers.flatMap((step) =>
      step.type === 'Prepend' ? [] : readWith(catalog.normalizers, step),
    )
    this.#needsOrigin = preTokenizers.some(({ fields }) => field(fields, 'prepend_scheme') === 'first')
    this.#canCut =
      !this.#needsOrigin && canCutStream(normalizers, preTokenizers, catalog, added, splitWords !== undefined)
  }

  /**
   * Makes a tokenizer from the text of a `tokenizer.json` or from the value `JSON.parse` gives for it, and fetches the parts of this
   * package that the file needs. Throws `TokenizerFormatError` if the file is broken and `UnsupportedTokenizerError` if it needs a
   * part that is not here.
   */
  static async load(json: string | object): Promise<Tokenizer> {
    const file = readFrame(json)
    return new Tokenizer(file, extend(baseParts(), await fetchParts(file)))
  }

  /**
   * `load` where nothing can be awaited: for files of byte-level BPE with the pattern of GPT-2, and for others with `parts` of
   * `@retnet/tokenizer/parts`.
   */
  static fromJson(json: string | object, parts: readonly TokenizerParts[] = []): Tokenizer {
    return new Tokenizer(readFrame(json), extend(baseParts(), parts))
  }

  /**
   * Writes the ids of `text` to `target` from its start, and returns how many. Throws `TokenizerArgumentError`, and writes nothing,
   * if the ids are more than `target` holds, or larger than its elements can be.
   */
  encodeInto(text: string, target: IdArray, options: EncodeOptions = {}): number {
    const refuse = (expected: string, actual: string): never => {
      throw new TokenizerArgumentError('encodeInto: target', expected, actual)
    }
    if (!ArrayBuffer.isView(target) || target instanceof DataView) return refuse('a typed array', describe(target))
    const largest = 2 ** (8 * target.BYTES_PER_ELEMENT) - 1
    if (this.vocabularySize - 1 > largest)
      refuse(`elements for ids up to ${this.vocabularySize - 1}`, `${largest} at most`)
    const { data, length } = this.encodeAll('encodeInto', text, options)
    if (length > target.length) refuse(`room for ${length} ids`, `${target.length} elements`)
    target.set(data.subarray(0, length))
    return length
  }

  protected override encodeText(text: string, parseSpecial: boolean, out: IdBuffer): void {
    if (this.#needsOrigin) this.#encodeFollowing(text, parseSpecial, out, this.parts.normalizers)
    else super.encodeText(text, parseSpecial, out)
  }

  /** `encodeText` with `opening` as the normalizers of the beginning. */
  #encodeFollowing(text: string, parseSpecial: boolean, out: IdBuffer, opening: readonly Normalizer[]): void {
    const { model } = this.parts
    const given = toWellFormed(text)
    const origin = this.#needsOrigin ? identityOrigin(given) : undefined
    runPipeline(
      this.parts,
      given,
      { parseSpecial, origin, opening },
      {
        piece: (piece, start, end) => model.encode(piece, start, end, out),
        token: ({ id }) => out.push(id),
      },
    )
  }

  /**
   * The bytes that a token adds to a text behind another token: what constrained decoding looks at. A part of a character has its bytes
   * too; a special token has none. Throws `TokenIdError` if there is no such id.
   */
  tokenBytes(id: number): Uint8Array {
    checkId(id, -1, this.vocabularySize)
    return this.parts.decoder.tokenBytes(id)
  }

  /** An encoder for text in parts, such as a large file. Its ids joined are what `encode` gives for all text. */
  createEncodeStream(options: EncodeOptions = {}): EncodeStream {
    const { addSpecialTokens, parseSpecialTokens } = readOptions('createEncodeStream', options, ENCODE_DEFAULTS)
    const { before, after } = this.parts.postProcessor
    const encodePart = (text: string, isFirst: boolean, isLast: boolean): Uint32Array => {
      const out = this.buffer(text)
      if (addSpecialTokens && isFirst) out.append(before, before.length)
      if (isFirst) this.encodeText(text, parseSpecialTokens, out)
      else this.#encodeFollowing(text, parseSpecialTokens, out, this.#continuing)
      if (addSpecialTokens && isLast) out.append(after, after.length)
      return out.toArray()
    }
    const stream = createEncodeStream(encodePart, this.#canCut)
    return {
      push(text) {
        checkText('createEncodeStream: text', text)
        return stream.push(text)
      },
      flush: () => stream.flush(),
    }
  }

  /** Ids of text that comes in parts, in arrays as they are sure. */
  encodeStream(
    texts: Iterable<string> | AsyncIterable<string>,
    options: EncodeOptions = {},
  ): AsyncGenerator<Uint32Array, void, undefined> {
    return through(texts, this.createEncodeStream(options))
  }

  /** Text of ids that come one at a time, as soon as its characters are whole. */
  decodeStream(
    ids: Iterable<number> | AsyncIterable<number>,
    options: DecodeOptions = {},
  ): AsyncGenerator<string, void, undefined> {
    return through(ids, this.createDecodeStream(options))
  }
}

/** What a stream makes of the items, without what is empty. */
async function* through<From, To extends { readonly length: number }>(
  items: Iterable<From> | AsyncIterable<From>,
  stream: { push(item: From): To; flush(): To },
): AsyncGenerator<To, void, undefined> {
  for await (const item of items) {
    const made = stream.push(item)
    if (made.length > 0) yield made
  }
  const rest = stream.flush()
  if (rest.length > 0) yield rest
}
