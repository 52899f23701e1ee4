/** Reads a whole `tokenizer.json` into the parts a tokenizer runs on, or says which part is broken or not supported. */
import { createMatcher, type AddedTokenMatcher } from './added-tokens/match-added-tokens.js'
import { readAddedTokens, type AddedToken } from './added-tokens/read-added-tokens.js'
import { checkDecoder } from './decoders/check-decoder.js'
import { createTokenBytes, type TokenBytes } from './decoders/token-bytes.js'
import { UnsupportedTokenizerError } from './errors.js'
import { writeTokenBytes } from './models/byte-level-bpe/byte-alphabet.js'
import type { ByteLevelBpe } from './models/byte-level-bpe/byte-level-bpe.js'
import { readByteLevelBpe } from './models/byte-level-bpe/read-byte-level-bpe.js'
import { readNormalizer, type Normalizer } from './normalizers/read-normalizer.js'
import { readPostProcessor, type SurroundingIds } from './post-processors/read-post-processor.js'
import type { PreTokenizer } from './pre-tokenizers/pre-tokenizer.js'
import { readPreTokenizer } from './pre-tokenizers/read-pre-tokenizer.js'
import { describe } from './reading/describe.js'
import { asFields, asText, field, refuseUnknownKeys, wrong, type Fields } from './reading/fields.js'

export interface TokenizerParts {
  readonly normalize: Normalizer
  readonly preTokenize: PreTokenizer
  readonly model: ByteLevelBpe
  readonly matchBeforeNormalizing: AddedTokenMatcher
  readonly matchAfterNormalizing: AddedTokenMatcher
  readonly surrounding: SurroundingIds
  /** Every token by id. */
  readonly tokens: readonly string[]
  readonly idOfAddedToken: ReadonlyMap<string, number>
  readonly specialTokens: ReadonlyMap<string, number>
  readonly tokenBytes: TokenBytes
}

const KEYS = [
  'version',
  'truncation',
  'padding',
  'added_tokens',
  'normalizer',
  'pre_tokenizer',
  'post_processor',
  'decoder',
  'model',
]

export function readTokenizerJson(json: unknown): TokenizerParts {
  const file = asFields(parse(json), 'the file')
  checkFrame(file)
  const model = readByteLevelBpe(field(file, 'model'))
  const normalize = readNormalizer(field(file, 'normalizer'))
  const preTokenize = readPreTokenizer(field(file, 'pre_tokenizer'))
  checkDecoder(field(file, 'decoder'))
  const added = readAddedTokens(field(file, 'added_tokens'), model.vocabulary)
  const tokens = tokensById(model.vocabulary, added)
  const special = added.filter((token) => token.special)
  const specialTokens = idOf(special)
  const decoded = decodedTokens(tokens, added, normalize)
  return {
    normalize,
    preTokenize,
    model,
    matchBeforeNormalizing: createMatcher(
      added.filter((token) => !token.normalized),
      (text) => text,
    ),
    matchAfterNormalizing: createMatcher(
      added.filter((token) => token.normalized),
      normalize,
    ),
    surrounding: checkSurrounding(readPostProcessor(field(file, 'post_processor')), tokens.length),
    tokens,
    idOfAddedToken: idOf(added),
    specialTokens,
    tokenBytes: createTokenBytes(decoded, (token) => specialTokens.has(token), writeTokenBytes),
  }
}

function parse(json: unknown): unknown {
  if (typeof json !== 'string') return json
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw wrong('the file', 'JSON', cause instanceof Error ? cause.message : cause)
  }
}

function checkFrame(file: Fields): void {
  refuseUnknownKeys(file, '', KEYS)
  const version = asText(field(file, 'version'), 'version')
  if (version !== '1.0') throw new UnsupportedTokenizerError('version', '"1.0"', describe(version))
  for (const key of ['truncation', 'padding']) {
    const value = field(file, key) ?? null
    if (value !== null) throw new UnsupportedTokenizerError(key, 'null', describe(value))
  }
}

function idOf(tokens: readonly AddedToken[]): Map<string, number> {
  return new Map(tokens.map((token) => [token.content, token.id]))
}

/** All tokens in the order of their ids, which must be 0, 1, 2, ... with none missing or used twice. */
function tokensById(vocabulary: ReadonlyMap<string, number>, added: readonly AddedToken[]): string[] {
  const outside = idOf(added.filter((token) => !vocabulary.has(token.content)))
  const size = vocabulary.size + outside.size
  const tokens = Array.from<string | undefined>({ length: size })
  const place = (id: number, token: string): void => {
    if (id >= size) throw wrong(`token ${describe(token)}`, `an id below ${size}, the number of tokens`, id)
    if (tokens[id] !== undefined) {
      throw wrong(`token ${describe(token)}`, `an id of its own, not that of ${describe(tokens[id])}`, id)
    }
    tokens[id] = token
  }
  vocabulary.forEach(place)
  outside.forEach(place)
  return tokens as string[]
}

/**
 * Tokens as decoding sees them. In the reference an added token that is matched in normalized text is also read back so, and then
 * counts as special only if the text is still that of a special token.
 */
function decodedTokens(tokens: readonly string[], added: readonly AddedToken[], normalize: Normalizer): string[] {
  const decoded = [...tokens]
  for (const token of added) if (token.normalized) decoded[token.id] = normalize(token.content)
  return decoded
}

function checkSurrounding(surrounding: SurroundingIds, size: number): SurroundingIds {
  for (const id of [...surrounding.before, ...surrounding.after]) {
    if (id >= size) throw wrong('post_processor', `ids below ${size}, the number of tokens`, id)
  }
  return surrounding
}
