/** What every tokenizer here does: text to ids and back. It reads no files and fetches nothing. */
import type { Catalog } from './catalog.js'
import type { DecodeStream } from './decoders/decode-stream.js'
import { TokenizerArgumentError } from './errors.js'
import { checkId } from './check-id.js'
import { IdBuffer } from './models/id-buffer.js'
import { normalizeAll } from './normalizers/read-normalizer.js'
import type { EmitPiece } from './pre-tokenizers/pre-tokenizer.js'
import { describe } from './reading/describe.js'
import { toWellFormed } from './reading/well-formed.js'
import { checkText, readOptions } from './read-options.js'
import { readTokenizerJson, type Pipeline } from './read-tokenizer-json.js'

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

export const ENCODE_DEFAULTS: Required<EncodeOptions> = { addSpecialTokens: false, parseSpecialTokens: true }
const DECODE_DEFAULTS: Required<DecodeOptions> = { skipSpecialTokens: false }
// Ids of the last text are kept for the next up to this many.
const KEPT_IDS = 1 << 16

export class TokenizerCore {
  protected readonly parts: Pipeline
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

  /** Ids of `text`. A lone surrogate, which has no UTF-8 form, counts as U+FFFD. */
  encode(text: string, options: EncodeOptions = {}): Uint32Array {
    return this.encodeAll('encode', text, options).toArray()
  }

  /** Text of `ids`; bytes that are no UTF-8 become U+FFFD. Throws `TokenIdError` for an id outside the vocabulary. */
  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    if (typeof ids !== 'object' || ids === null || !Number.isInteger(ids.length)) {
      throw new TokenizerArgumentError('decode: ids', 'an array or typed array of ids', describe(ids))
    }
    return this.parts.decoder.decode(ids, readOptions('decode', options, DECODE_DEFAULTS).skipSpecialTokens)
  }

  /** A decoder for ids that come one at a time. Its pieces joined are what `decode` gives for all ids. */
  createDecodeStream(options: DecodeOptions = {}): DecodeStream {
    return this.parts.decoder.createStream(
      readOptions('createDecodeStream', options, DECODE_DEFAULTS).skipSpecialTokens,
    )
  }

  /** Ids that are good until the next call. */
  protected encodeAll(call: string, text: string, options: EncodeOptions): IdBuffer {
    checkText(`${call}: text`, text)
    const { addSpecialTokens, parseSpecialTokens } = readOptions(call, options, ENCODE_DEFAULTS)
    const { before, after } = this.parts.postProcessor
    const out = this.buffer(text)
    if (addSpecialTokens) out.append(before, before.length)
    this.encodeText(text, parseSpecialTokens, out)
    if (addSpecialTokens) out.append(after, after.length)
    return out
  }

  /** An empty list for the ids of `text`, the one of the last call where it is neither too small nor large. */
  protected buffer(text: string): IdBuffer {
    if (text.length >> 2 > KEPT_IDS) return new IdBuffer(text.length >> 2)
    if (this.#scratch.data.length > KEPT_IDS) this.#scratch = new IdBuffer(1 << 8)
    this.#scratch.length = 0
    return this.#scratch
  }

  /** Appends the ids of `text`. */
  protected encodeText(text: string, parseSpecial: boolean, out: IdBuffer): void {
    const { model, normalizers, preTokenize, matchBeforeNormalizing, matchAfterNormalizing } = this.parts
    const whole = toWellFormed(text)
    const emit: EmitPiece = (piece, start, end) => model.encode(piece, start, end, out)
    matchBeforeNormalizing(whole, parseSpecial, (start, end, token) => {
      if (token) return out.push(token.id)
      const stretch = normalizeAll(normalizers, whole.slice(start, end))
      matchAfterNormalizing(stretch, parseSpecial, (from, to, inner) =>
        inner ? out.push(inner.id) : preTokenize(stretch, from, to, emit),
      )
    })
  }
}
