/** The tokenizer itself: text to ids and back, with the parts a `tokenizer.json` names. It reads no files and fetches nothing. */
import { createDecodeStream, type DecodeStream } from './decoders/decode-stream.js'
import { decodeIds } from './decoders/decode-ids.js'
import { TokenizerArgumentError, TokenIdError } from './errors.js'
import { IdBuffer } from './models/byte-level-bpe/id-buffer.js'
import { describe } from './reading/describe.js'
import { toWellFormed } from './reading/well-formed.js'
import { readTokenizerJson, type TokenizerParts } from './read-tokenizer-json.js'

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

export class Tokenizer {
  readonly #parts: TokenizerParts

  private constructor(parts: TokenizerParts) {
    this.#parts = parts
  }

  /**
   * Makes a tokenizer from the text of a `tokenizer.json` or from the value `JSON.parse` gives for it. Throws
   * `TokenizerFormatError` if the file is broken and `UnsupportedTokenizerError` if it needs a part that is not here.
   */
  static fromJson(json: string | object): Tokenizer {
    return new Tokenizer(readTokenizerJson(json))
  }

  /** Number of tokens, added ones included; ids run from 0 to one less. */
  get vocabularySize(): number {
    return this.#parts.tokens.length
  }

  /** Ids of the special tokens by their text. */
  get specialTokens(): ReadonlyMap<string, number> {
    return this.#parts.specialTokens
  }

  /** Id of a token as the vocabulary writes it (a space is `Ġ`), undefined if there is none. */
  tokenToId(token: string): number | undefined {
    return this.#parts.idOfAddedToken.get(token) ?? this.#parts.model.vocabulary.get(token)
  }

  /** Token of an id as the vocabulary writes it. Throws `TokenIdError` if there is none. */
  idToToken(id: number): string {
    const token = Number.isInteger(id) ? this.#parts.tokens[id] : undefined
    if (token === undefined) throw new TokenIdError(id, -1, this.vocabularySize)
    return token
  }

  /** Ids of `text`. A lone surrogate, which has no UTF-8 form, counts as U+FFFD. */
  encode(text: string, options: EncodeOptions = {}): Uint32Array {
    if (typeof text !== 'string') throw new TokenizerArgumentError('encode: text', 'a string', describe(text))
    const { addSpecialTokens, parseSpecialTokens } = readOptions('encode', options, ENCODE_DEFAULTS)
    const { before, after } = this.#parts.surrounding
    const out = new IdBuffer((text.length >> 2) + 16)
    if (addSpecialTokens) for (const id of before) out.push(id)
    this.#encodeText(toWellFormed(text), parseSpecialTokens, out)
    if (addSpecialTokens) for (const id of after) out.push(id)
    return out.toArray()
  }

  /** Text of `ids`; bytes that are no UTF-8 become U+FFFD. Throws `TokenIdError` for an id outside the vocabulary. */
  decode(ids: ArrayLike<number>, options: DecodeOptions = {}): string {
    if (typeof ids !== 'object' || ids === null || !Number.isInteger(ids.length)) {
      throw new TokenizerArgumentError('decode: ids', 'an array or typed array of ids', describe(ids))
    }
    const { skipSpecialTokens } = readOptions('decode', options, DECODE_DEFAULTS)
    return decodeIds(this.#parts.tokenBytes, ids, skipSpecialTokens)
  }

  /** A decoder for ids that come one at a time. Its pieces joined are what `decode` gives for all ids. */
  createDecodeStream(options: DecodeOptions = {}): DecodeStream {
    const { skipSpecialTokens } = readOptions('createDecodeStream', options, DECODE_DEFAULTS)
    return createDecodeStream(this.#parts.tokenBytes, skipSpecialTokens)
  }

  #encodeText(text: string, parseSpecial: boolean, out: IdBuffer): void {
    const { matchBeforeNormalizing, matchAfterNormalizing, normalize, preTokenize, model } = this.#parts
    const emit = (piece: string, start: number, end: number): void => model.encode(piece, start, end, out)
    matchBeforeNormalizing(text, parseSpecial, (start, end, token) => {
      if (token) return out.push(token.id)
      const normalized = normalize(text.slice(start, end))
      matchAfterNormalizing(normalized, parseSpecial, (from, to, inner) => {
        if (inner) out.push(inner.id)
        else preTokenize(normalized, from, to, emit)
      })
    })
  }
}

const ENCODE_DEFAULTS = { addSpecialTokens: false, parseSpecialTokens: true }
const DECODE_DEFAULTS = { skipSpecialTokens: false }

/** The options over their defaults; an unknown name or another type throws, undefined means the default. */
function readOptions<T extends Record<string, boolean>>(call: string, options: Partial<T>, defaults: T): T {
  const result: Record<string, boolean> = { ...defaults }
  for (const [key, value] of Object.entries(options)) {
    const argument = `${call}: options.${key}`
    if (!Object.hasOwn(defaults, key)) {
      throw new TokenizerArgumentError(argument, `one of ${Object.keys(defaults).join(', ')}`, 'an unknown option')
    }
    if (value === undefined) continue
    if (typeof value !== 'boolean') throw new TokenizerArgumentError(argument, 'true or false', describe(value))
    result[key] = value
  }
  return result as T
}
