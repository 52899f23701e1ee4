/** Reads a whole `tokenizer.json` into the parts a tokenizer runs on, or says which part is broken or not supported. */
import { createMatcher, type AddedTokenMatcher } from './added-tokens/match-added-tokens.js'
import { readAddedTokens, type AddedToken } from './added-tokens/read-added-tokens.js'
import type { Catalog } from './catalog.js'
import type { IdDecoder } from './decoders/id-decoder.js'
import { UnsupportedTokenizerError } from './errors.js'
import type { Model } from './models/model.js'
import type { Normalizer } from './normalizers/normalizer.js'
import { readNormalizer } from './normalizers/read-normalizer.js'
import type { Origin } from './origin/origin.js'
import { readPostProcessor, type PostProcessor } from './post-processors/read-post-processor.js'
import type { PreTokenizer } from './pre-tokenizers/pre-tokenizer.js'
import { readPreTokenizer } from './pre-tokenizers/read-pre-tokenizer.js'
import { describe } from './reading/describe.js'
import { asFields, asText, field, refuseUnknownKeys, wrong, type Fields } from './reading/fields.js'

export interface TokenizerParts {
  readonly normalizers: readonly Normalizer[]
  /** The normalizers for text that goes on from text before: without those that mark a beginning. */
  readonly continuing: readonly Normalizer[]
  readonly preTokenize: PreTokenizer
  /** Makes the origin of a text, for a pre-tokenizer that must know where in the text it is. */
  readonly originOf: ((text: string) => Origin) | undefined
  readonly model: Model
  readonly matchBeforeNormalizing: AddedTokenMatcher
  readonly matchAfterNormalizing: AddedTokenMatcher
  readonly postProcessor: PostProcessor
  readonly truncation: unknown
  readonly padding: unknown
  /** Every token by id. */
  readonly tokens: readonly string[]
  readonly idOfAddedToken: ReadonlyMap<string, number>
  readonly specialTokens: ReadonlyMap<string, number>
  readonly decoder: IdDecoder
  /** Whether a text may be cut between a letter and a space, and encoded in two. */
  readonly canCutStream: boolean
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

const CHARACTER_KEYS = ['continuing_subword_prefix', 'end_of_word_suffix', 'byte_fallback']

export function readTokenizerJson(json: unknown, catalog: Catalog): TokenizerParts {
  const file = asFields(parse(json), 'the file')
  checkFrame(file)
  const modelFields = asFields(field(file, 'model'), 'model')
  const type = typeOfModel(modelFields)
  const read = Object.hasOwn(catalog.models, type) ? catalog.models[type] : undefined
  if (!read) throw new UnsupportedTokenizerError('model.type', Object.keys(catalog.models).join(', '), type)
  // Plain BPE takes bytes itself; with any of these it sees the characters of the byte alphabet.
  const bytes = type === 'BPE' && CHARACTER_KEYS.every((key) => !field(modelFields, key))
  const plan = readPreTokenizer(field(file, 'pre_tokenizer'), catalog, bytes)
  const model = read(modelFields, 'model', bytes && plan.endsInBytes)
  const normalizers = readNormalizer(field(file, 'normalizer'), catalog.normalizers)
  const added = readAddedTokens(field(file, 'added_tokens'), model.vocabulary)
  const tokens = tokensById(model.vocabulary, added)
  const specialTokens = idOf(added.filter((token) => token.special))
  const decoded = decodedTokens(tokens, added, (text) => apply(normalizers, text))
  const table = { tokens: decoded, special: Uint8Array.from(decoded, (token) => Number(specialTokens.has(token))) }
  const splitWords = plan.isEmpty && type === 'BPE' ? catalog.splitWords?.(model.vocabulary) : undefined
  return {
    normalizers,
    continuing: readNormalizer(field(file, 'normalizer'), { ...catalog.normalizers, Prepend: () => [] }),
    preTokenize: splitWords ?? plan.preTokenize,
    originOf: plan.needsOrigin ? catalog.originOf : undefined,
    model,
    matchBeforeNormalizing: createMatcher(
      added.filter((token) => !token.normalized),
      (text) => text,
    ),
    matchAfterNormalizing: createMatcher(
      added.filter((token) => token.normalized),
      (text) => apply(normalizers, text),
    ),
    postProcessor: readPostProcessor(field(file, 'post_processor'), catalog.postProcessors, tokens.length),
    truncation: field(file, 'truncation') ?? null,
    padding: field(file, 'padding') ?? null,
    tokens,
    idOfAddedToken: idOf(added),
    specialTokens,
    decoder: catalog.readDecoder(field(file, 'decoder'), table),
    canCutStream: !added.some(reachesOverCut) && catalog.canCutStream(file, splitWords !== undefined),
  }
}

/** Streams are cut between an ASCII letter and a space. */
const reachesOverCut = ({ content, rstrip }: AddedToken): boolean =>
  /[A-Za-z] /.test(content) || (rstrip && /[A-Za-z]$/.test(content))

function apply(normalizers: readonly Normalizer[], text: string): string {
  return normalizers.reduce((result, normalize) => normalize(result), text)
}

/** Older files have no type: then the fields tell, as in the reference. */
function typeOfModel(fields: Fields): string {
  const type = field(fields, 'type')
  if (type !== undefined && type !== null) return asText(type, 'model.type')
  if (field(fields, 'merges') !== undefined) return 'BPE'
  if (field(fields, 'unk_id') !== undefined) return 'Unigram'
  return field(fields, 'continuing_subword_prefix') === undefined ? 'WordLevel' : 'WordPiece'
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
function decodedTokens(
  tokens: readonly string[],
  added: readonly AddedToken[],
  normalize: (text: string) => string,
): string[] {
  const decoded = [...tokens]
  for (const token of added) if (token.normalized) decoded[token.id] = normalize(token.content)
  return decoded
}
