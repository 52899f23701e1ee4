/** Reads a `model` of type BPE. */
import type { ModelReader } from '../../catalog.js'
import { UnsupportedTokenizerError } from '../../errors.js'
import { describe } from '../../reading/describe.js'
import { asBoolean, asIs, asList, asText, need, orElse, wrong } from '../../reading/fields.js'
import { readSettings } from '../../reading/steps.js'
import { MOST_ENTRIES, readUnknown, readVocabulary } from '../read-vocabulary.js'
import { addPair, createPairTable, type PairTable } from '../pair-table.js'
import { Bpe } from './bpe.js'
import { byteSymbols } from './byte-symbols.js'

const no = orElse(asBoolean, false)
const none = orElse(asText, '')

const READERS = {
  dropout: orElse(asIs, 0),
  unk_token: asIs,
  continuing_subword_prefix: none,
  end_of_word_suffix: none,
  fuse_unk: no,
  byte_fallback: no,
  ignore_merges: no,
  vocab: readVocabulary,
  merges: asList,
}

/** BPE over bytes, and over characters if `characters` is there. */
export const readBpe: ModelReader = (fields, path, bytes, characters) => {
  const alphabet = bytes ? byteSymbols : characters
  if (!alphabet)
    throw new UnsupportedTokenizerError('pre_tokenizer', 'ByteLevel as the last step', 'BPE over characters')
  const file = readSettings({ fields, path }, READERS)
  const { vocab: vocabulary, dropout } = file
  if (dropout !== 0) throw new UnsupportedTokenizerError(`${path}.dropout`, 'null (set it)', describe(dropout))
  const rule = {
    unknownId: readUnknown(file.unk_token, vocabulary, `${path}.unk_token`),
    fuseUnknown: file.fuse_unk,
    prefix: file.continuing_subword_prefix,
    suffix: file.end_of_word_suffix,
    byteFallback: file.byte_fallback,
  }
  return new Bpe({
    vocabulary,
    merges: readMerges(file.merges, vocabulary, rule.prefix, `${path}.merges`),
    alphabet: alphabet(vocabulary, rule),
    ignoreMerges: file.ignore_merges,
  })
}

function readMerges(
  merges: readonly unknown[],
  vocabulary: ReadonlyMap<string, number>,
  prefix: string,
  path: string,
): PairTable {
  need(merges.length <= MOST_ENTRIES, path, `at most ${MOST_ENTRIES} merges`, merges)
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
