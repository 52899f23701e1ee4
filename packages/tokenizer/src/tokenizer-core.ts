/** What every tokenizer here does: text to ids and back, at once or as a stream. It reads no files and fetches nothing. */
import type { Catalog } from './catalog.js'
import type { DecodeStream } from './decoders/decode-stream.js'
import { runPipeline } from './encoding/run-pipeline.js'
import { TokenizerArgumentError } from './errors.js'
import { checkId } from './check-id.js'
import { IdBuffer } from './models/id-buffer.js'
import type { TemplatePiece } from './post-processors/template.js'
import { describe } from './reading/describe.js'
import { toWellFormed } from './reading/well-formed.js'
import { checkText, readOptions } from './read-options.js'
import { readTokenizerJson, type TokenizerParts } from './read-tokenizer-json.js'
import { createEncodeStream, type EncodeStream } from './streaming/encode-stream.js'

export interface EncodeOptions {
  /** Put the ids of the post-processor around the text, such as `<s>` and `</s>`. Default false. */
  readonly addSpecialTokens?: boolean
  /**
   * Read the text of special tokens, such as `<|endoftext|>`, as those tokens. Default true. Set false for text from outside:
   * it is then encoded as plain characters and cannot end a turn or begin one.
   */
  readonly parseSpecialTokens?: boolean
}

export interface DecodeOptions {
  /** Leave special tokens out of the text. Default false. */
  readonly skipSpecialTokens?: boolean
}

/** An array that `encodeInto` can fill. */
export type IdArray = Uint32Array | Int32Array | Uint16Array | Float64Array

const ENCODE_DEFAULTS: Required<EncodeOptions> = { addSpecialTokens: false, parseSpecialTokens: true }
const DECODE_DEFAULTS: Required<DecodeOptions> = { skipSpecialTokens: false }
// Ids of the last text are kept for the next up to this many.
const KEPT_IDS = 1 << 16

export class TokenizerCore {
  protected readonly parts: TokenizerParts
  #scratch = new IdBuffer(1 << 8)

  protected constructor(json: string | object, catalog: Catalog) {
    this.parts = readTokenizerJson(json, catalog)
  }

  /** Number of tokens, added ones included; ids run from 0 to one less. */
  get vocabularySize(): number {
    return this.parts.tokens.length
  }

  /** Ids of the special tokens by their text. */
  get specialTokens(): ReadonlyMap<string, number> {
    return this.parts.specialTokens
  }

  /** Id of a token as the vocabulary writes it (a space is `Ġ` or `▁`), undefined if there is none. */
  tokenToId(token: string): number | undefined {
    return this.parts.idOfAddedToken.get(token) ?? this.parts.model.vocabulary.get(token)
  }

  /** Token of an id as the vocabulary writes it. Throws `TokenIdError` if there is none. */
  idToToken(id: number): string {
    checkId(id, -1, this.vocabularySize)
    return this.parts.tokens[id]
  }

  /**
   * The bytes that a token adds to a text behind another token: what constrained decoding looks at. A part of a character has its bytes
   * too; a special token has none. Throws `TokenIdError` if there is no such id.
   */
  tokenBytes(id: number): Uint8Array {
    checkId(id, -1, this.vocabularySize)
    return this.parts.decoder.tokenBytes(id)
  }

  /** Ids of `text`. A lone surrogate, which has no UTF-8 form, counts as U+FFFD. */
  encode(text: string, options: EncodeOptions = {}): Uint32Array {
    return this.#encode('encode', text, options).toArray()
  }

  /**
   * Writes the ids of `text` to `target` from its start, and returns how many. Throws `TokenizerArgumentError`, and writes nothing,
   * if the ids are more than `target` holds, or larger than its elements can be.
   */
  encodeInto(text: string, target: IdArray, options: EncodeOptions = {}): number {
    if (!ArrayBuffer.isView(target) || target instanceof DataView) {
      throw new TokenizerArgumentError('encodeInto: target', 'a typed array', describe(target))
    }
    const largest = 2 ** (8 * target.BYTES_PER_ELEMENT)
    if (this.vocabularySize > largest) {
      throw new TokenizerArgumentError(
        'encodeInto: target',
        `elements for ids up to ${this.vocabularySize - 1}`,
        `${largest - 1} at most`,
      )
    }
    const ids = this.#encode('encodeInto', text, options)
    if (ids.length > target.length) {
      throw new TokenizerArgumentError('encodeInto: target', `room for ${ids.length} ids`, `${target.length} elements`)
    }
    target.set(ids.data.subarray(0, ids.length))
    return ids.length
  }

  /** An encoder for text in parts, such as a large file. Its ids joined are what `encode` gives for all text. */
  createEncodeStream(options: EncodeOptions = {}): EncodeStream {
    const { addSpecialTokens, parseSpecialTokens } = readOptions('createEncodeStream', options, ENCODE_DEFAULTS)
    const { single } = this.parts.postProcessor
    const at = single.findIndex((piece) => !piece.ids)
    const encodePart = (text: string, isFirst: boolean, isLast: boolean): Uint32Array => {
      const out = this.#buffer(text)
      if (addSpecialTokens && isFirst) pushIds(single.slice(0, at), out)
      this.#encodeText(text, parseSpecialTokens, !isFirst, out)
      if (addSpecialTokens && isLast) pushIds(single.slice(at + 1), out)
      return out.toArray()
    }
    const stream = createEncodeStream(encodePart, this.parts.canCutStream)
    return {
      push(text) {
        checkText('createEncodeStream: text', text)
        return stream.push(text)
      },
      flush: () => stream.flush(),
    }
  }

  /** Ids of text that comes in parts, in arrays as they are sure. */
  async *encodeStream(
    texts: Iterable<string> | AsyncIterable<string>,
    options: EncodeOptions = {},
  ): AsyncGenerator<Uint32Array, void, undefined> {
    const stream = this.createEncodeStream(options)
    for await (const text of texts) {
      const ids = stream.push(text)
      if (ids.length > 0) yield ids
    }
    const ids = stream.flush()
    if (ids.length > 0) yield ids
  }

  /** Text of `ids`; bytes that are no UTF-8 become U+FFFD. Throws `TokenIdError` for an id outside the vocabulary. */
  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    if (typeof ids !== 'object' || ids === null || !Number.isInteger(ids.length)) {
      throw new TokenizerArgumentError('decode: ids', 'an array or typed array of ids', describe(ids))
    }
    const { skipSpecialTokens } = readOptions('decode', options, DECODE_DEFAULTS)
    return this.parts.decoder.decode(ids, skipSpecialTokens)
  }

  /** A decoder for ids that come one at a time. Its pieces joined are what `decode` gives for all ids. */
  createDecodeStream(options: DecodeOptions = {}): DecodeStream {
    const { skipSpecialTokens } = readOptions('createDecodeStream', options, DECODE_DEFAULTS)
    return this.parts.decoder.createStream(skipSpecialTokens)
  }

  /** Text of ids that come one at a time, as soon as its characters are whole. */
  async *decodeStream(
    ids: Iterable<number> | AsyncIterable<number>,
    options: DecodeOptions = {},
  ): AsyncGenerator<string, void, undefined> {
    const stream = this.createDecodeStream(options)
    for await (const id of ids) {
      const text = stream.push(id)
      if (text !== '') yield text
    }
    const text = stream.flush()
    if (text !== '') yield text
  }

  #encode(call: string, text: string, options: EncodeOptions): IdBuffer {
    checkText(`${call}: text`, text)
    const { addSpecialTokens, parseSpecialTokens } = readOptions(call, options, ENCODE_DEFAULTS)
    const out = this.#buffer(text)
    for (const piece of this.parts.postProcessor.single) {
      if (!piece.ids) this.#encodeText(text, parseSpecialTokens, false, out)
      else if (addSpecialTokens) pushIds([piece], out)
    }
    return out
  }

  /** An empty list for the ids of `text`, the one of the last call where it is neither too small nor large. */
  #buffer(text: string): IdBuffer {
    if (this.#scratch.data.length > KEPT_IDS) this.#scratch = new IdBuffer(1 << 8)
    if (text.length >> 2 > KEPT_IDS) return new IdBuffer(text.length >> 2)
    this.#scratch.length = 0
    return this.#scratch
  }

  #encodeText(text: string, parseSpecial: boolean, continues: boolean, out: IdBuffer): void {
    const { model, originOf } = this.parts
    const whole = toWellFormed(text)
    runPipeline(
      this.parts,
      whole,
      { parseSpecial, origin: originOf?.(whole), continues },
      {
        piece: (piece, start, end) => model.encode(piece, start, end, out),
        token: ({ id }) => out.push(id),
      },
    )
  }
}

function pushIds(pieces: readonly TemplatePiece[], out: IdBuffer): void {
  for (const { ids } of pieces) for (const id of ids ?? []) out.push(id)
}
