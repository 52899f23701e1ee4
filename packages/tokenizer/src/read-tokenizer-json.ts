/** Reads a whole `tokenizer.json` into the parts a tokenizer runs on, or says which part is broken or not supported. */
import { createMatcher, type AddedTokenMatcher } from './added-tokens/match-added-tokens.js'
import { readAddedTokens, type AddedToken } from './added-tokens/read-added-tokens.js'
import type { Catalog } from './catalog.js'
import type { IdDecoder } from './decoders/id-decoder.js'
import { UnsupportedTokenizerError } from './errors.js'
import { modelOf } from './models/model-type.js'
import type { Model } from './models/model.js'
import type { Normalizer } from './normalizers/normalizer.js'
import { normalizeAll, readNormalizer } from './normalizers/read-normalizer.js'
import type { PostProcessor } from './post-processors/affixes.js'
import type { PreTokenizer } from './pre-tokenizers/pre-tokenizer.js'
import { readPreTokenizer } from './pre-tokenizers/read-pre-tokenizer.js'
import { describe } from './reading/describe.js'
import { asFields, asText, field, refuseUnknownKeys, wrong, type Fields } from './reading/fields.js'

export interface Pipeline {
  readonly normalizers: readonly Normalizer[]
  preTokenize: PreTokenizer
  readonly model: Model
  readonly matchBeforeNormalizing: AddedTokenMatcher
  readonly matchAfterNormalizing: AddedTokenMatcher
  readonly postProcessor: PostProcessor
  /** Every token by id. */
  readonly tokens: readonly string[]
  readonly idOfAddedToken: ReadonlyMap<string, number>
  readonly specialTokens: ReadonlyMap<string, number>
  readonly decoder: IdDecoder
  readonly added: readonly AddedToken[]
}

const KEYS = 'version truncation padding added_tokens normalizer pre_tokenizer post_processor decoder model'.split(' ')

export function readTokenizerJson(json: unknown, catalog: Catalog): Pipeline {
  const file = readFrame(json)
  const { fields, type, takesBytes } = modelOf(file, catalog.oldType)
  const read = Object.hasOwn(catalog.models, type) ? catalog.models[type] : undefined
  if (!read) throw new UnsupportedTokenizerError('model.type', Object.keys(catalog.models).join(', '), type)
  const plan = readPreTokenizer(field(file, 'pre_tokenizer'), catalog, takesBytes)
  const model = read(fields, 'model', takesBytes && plan.endsInBytes, catalog.characters)
  const normalizers = readNormalizer(field(file, 'normalizer'), catalog.normalizers)
  const added = readAddedTokens(field(file, 'added_tokens'), model.vocabulary)
  const tokens = tokensById(model.vocabulary, added)
  const specialTokens = idOf(added.filter((token) => token.special))
  const decoded = decodedTokens(tokens, added, (text) => normalizeAll(normalizers, text))
  const table = { tokens: decoded, special: Uint8Array.from(decoded, (token) => Number(specialTokens.has(token))) }
  return {
    normalizers,
    preTokenize: plan.preTokenize,
    model,
    matchBeforeNormalizing: createMatcher(
      added.filter((token) => !token.normalized),
      (text) => text,
    ),
    matchAfterNormalizing: createMatcher(
      added.filter((token) => token.normalized),
      (text) => normalizeAll(normalizers, text),
    ),
    postProcessor: catalog.readPostProcessor(field(file, 'post_processor'), tokens.length),
    tokens,
    idOfAddedToken: idOf(added),
    specialTokens,
    decoder: catalog.readDecoder(field(file, 'decoder'), table, catalog.decoders),
    added,
  }
}

/** The file as an object, with no key that it should not have. */
export function readFrame(json: unknown): Fields {
  const file = asFields(parse(json), 'the file')
  refuseUnknownKeys(file, '', KEYS)
  const version = asText(field(file, 'version'), 'version')
  if (version !== '1.0') throw new UnsupportedTokenizerError('version', '"1.0"', describe(version))
  return file
}

function parse(json: unknown): unknown {
  if (typeof json !== 'string') return json
  try {
    return JSON.parse(json)
  } catch (cause) {
    throw wrong('the file', 'JSON', cause instanceof Error ? cause.message : cause)
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
    if (id >= size || tokens[id] !== undefined)
      throw wrong(`token ${describe(token)}`, `an id of its own below ${size}, the number of tokens`, id)
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
function decodedTokens(
  tokens: readonly string[],
  added: readonly AddedToken[],
  normalize: (text: string) => string,
): string[] {
  const decoded = [...tokens]
  for (const token of added) if (token.normalized) decoded[token.id] = normalize(token.content)
  return decoded
}
