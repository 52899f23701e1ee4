/** Reads the `model` of a `tokenizer.json` as byte-level BPE, and refuses what would give other ids. */
import { UnsupportedTokenizerError } from '../../errors.js'
import { describe } from '../../reading/describe.js'
import {
  asBoolean,
  asFields,
  asId,
  asList,
  asText,
  field,
  refuseUnknownKeys,
  wrong,
  type Fields,
} from '../../reading/fields.js'
import { isWellFormed } from '../../reading/well-formed.js'
import { ByteLevelBpe } from './byte-level-bpe.js'
import { addMerge, createMergeTable, type MergeTable } from './merge-table.js'

/** Most tokens and most merges in a file; the largest published vocabularies have about a million. */
const MOST_ENTRIES = 1 << 22

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

export function readByteLevelBpe(value: unknown): ByteLevelBpe {
  const path = 'model'
  const fields = asFields(value, path)
  // Older files have no type: what has merges is BPE.
  const type = asText(
    field(fields, 'type') ?? (field(fields, 'merges') ? 'BPE' : 'a model without merges'),
    `${path}.type`,
  )
  if (type !== 'BPE') throw new UnsupportedTokenizerError(`${path}.type`, 'BPE over bytes', type)
  refuseUnknownKeys(fields, path, KEYS)
  refuseUnsupported(fields, path)
  const vocabulary = readVocabulary(field(fields, 'vocab'), `${path}.vocab`)
  return new ByteLevelBpe({
    vocabulary,
    merges: readMerges(field(fields, 'merges'), vocabulary, `${path}.merges`),
    unknownId: readUnknown(field(fields, 'unk_token'), vocabulary, `${path}.unk_token`),
    fuseUnknown: asBoolean(field(fields, 'fuse_unk') ?? false, `${path}.fuse_unk`),
    ignoreMerges: asBoolean(field(fields, 'ignore_merges') ?? false, `${path}.ignore_merges`),
  })
}

function refuseUnsupported(fields: Fields, path: string): void {
  const only = (key: string, supported: string, allowed: readonly unknown[]): void => {
    const value = field(fields, key) ?? null
    if (!allowed.includes(value)) throw new UnsupportedTokenizerError(`${path}.${key}`, supported, describe(value))
  }
  only('dropout', 'null or 0', [null, 0])
  only('byte_fallback', 'false', [null, false])
  only('continuing_subword_prefix', 'null or ""', [null, ''])
  only('end_of_word_suffix', 'null or ""', [null, ''])
}

function readVocabulary(value: unknown, path: string): Map<string, number> {
  const fields = asFields(value, path)
  const tokens = Object.keys(fields)
  if (tokens.length === 0 || tokens.length > MOST_ENTRIES) {
    throw wrong(path, `1 to ${MOST_ENTRIES} tokens`, tokens.length)
  }
  const vocabulary = new Map<string, number>()
  for (const token of tokens) {
    const id = fields[token]
    // The path is only worth making for an error.
    if (!Number.isInteger(id) || (id as number) < 0 || !isWellFormed(token)) {
      asId(id, `${path}[${describe(token)}]`)
      asText(token, `${path}[${describe(token)}]`)
    }
    vocabulary.set(token, id as number)
  }
  return vocabulary
}

function readMerges(value: unknown, vocabulary: ReadonlyMap<string, number>, path: string): MergeTable {
  const merges = asList(value, path)
  if (merges.length > MOST_ENTRIES) throw wrong(path, `at most ${MOST_ENTRIES} merges`, merges)
  const table = createMergeTable(merges.length)
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
    addMerge(table, idOf(left), idOf(right), rank, idOf(left + right))
  }
  return table
}

function readUnknown(value: unknown, vocabulary: ReadonlyMap<string, number>, path: string): number | undefined {
  if (value === null || value === undefined) return undefined
  const id = vocabulary.get(asText(value, path))
  if (id === undefined) throw wrong(path, 'a token of the vocabulary', value)
  return id
}
