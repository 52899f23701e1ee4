/** Reads a `model` of type BPE. */
import { UnsupportedTokenizerError } from '../../errors.js'
import { describe } from '../../reading/describe.js'
import { asBoolean, asList, asText, field, refuseUnknownKeys, wrong, type Fields } from '../../reading/fields.js'
import { MOST_ENTRIES, readUnknown, readVocabulary } from '../read-vocabulary.js'
import { addPair, createPairTable, type PairTable } from '../pair-table.js'
import { Bpe } from './bpe.js'
import { byteSymbols } from './byte-symbols.js'
import { characterSymbols } from './character-symbols.js'

const KEYS = [
  'type',
  'dropout',
  'unk_token',
  'continuing_subword_prefix',
  'end_of_word_suffix',
  'fuse_unk',
  'byte_fallback',
  'ignore_merges',
  'vocab',
  'merges',
]

/** Reads BPE. `bytes` says that the symbols are the UTF-8 bytes of the text. */
export function readBpe(fields: Fields, path: string, bytes: boolean): Bpe {
  refuseUnknownKeys(fields, path, KEYS)
  const dropout = field(fields, 'dropout') ?? 0
  if (dropout !== 0) throw new UnsupportedTokenizerError(`${path}.dropout`, 'null or 0', describe(dropout))
  const vocabulary = readVocabulary(field(fields, 'vocab'), `${path}.vocab`)
  const text = (key: string): string => asText(field(fields, key) ?? '', `${path}.${key}`)
  const flag = (key: string): boolean => asBoolean(field(fields, key) ?? false, `${path}.${key}`)
  const rule = {
    unknownId: readUnknown(field(fields, 'unk_token'), vocabulary, `${path}.unk_token`),
    fuseUnknown: flag('fuse_unk'),
    prefix: text('continuing_subword_prefix'),
    suffix: text('end_of_word_suffix'),
    byteFallback: flag('byte_fallback'),
  }
  return new Bpe({
    vocabulary,
    merges: readMerges(field(fields, 'merges'), vocabulary, rule.prefix, `${path}.merges`),
    alphabet: bytes ? byteSymbols(vocabulary, rule) : characterSymbols(vocabulary, rule),
    ignoreMerges: flag('ignore_merges'),
  })
}

function readMerges(value: unknown, vocabulary: ReadonlyMap<string, number>, prefix: string, path: string): PairTable {
  const merges = asList(value, path)
  if (merges.length > MOST_ENTRIES) throw wrong(path, `at most ${MOST_ENTRIES} merges`, merges)
  const table = createPairTable(merges.length)
  let rank = 0
  const idOf = (token: string): number => {
    const id = vocabulary.get(token)
    if (id === undefined) throw wrong(`${path}[${rank}]`, 'tokens of the vocabulary', token)
    return id
  }
  for (; rank < merges.length; rank++) {
    const pair = merges[rank]
    const parts: unknown = typeof pair === 'string' ? pair.split(' ') : pair
    if (!Array.isArray(parts) || parts.length !== 2) throw wrong(`${path}[${rank}]`, 'two tokens', pair)
    const [left, right] = parts
    addPair(table, idOf(left), idOf(right), rank, idOf(left + String(right).slice(prefix.length)))
  }
  return table
}
