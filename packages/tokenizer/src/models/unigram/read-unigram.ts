/** Reads a `model` of type Unigram. */
import { describe } from '../../reading/describe.js'
import { asBoolean, asId, asList, asText, orElse, wrong, type Fields } from '../../reading/fields.js'
import { readSettings } from '../../reading/steps.js'
import { readByteTokens } from '../bpe/character-symbols.js'
import { MOST_ENTRIES } from '../read-vocabulary.js'
import { Unigram } from './unigram.js'

export function readUnigram(fields: Fields, path: string): Unigram {
  const {
    unk_id: unknownId,
    byte_fallback: byteFallback,
    vocab: list,
  } = readSettings({ fields, path }, { vocab: asList, unk_id: asId, byte_fallback: orElse(asBoolean, false) })
  if (list.length === 0 || list.length > MOST_ENTRIES) throw wrong(`${path}.vocab`, `1 to ${MOST_ENTRIES} tokens`, list)
  const vocabulary = new Map<string, number>()
  const scores = Float64Array.from(list, (item, id) => readScore(item, id, vocabulary, `${path}.vocab[${id}]`))
  if (unknownId >= list.length) throw wrong(`${path}.unk_id`, `an id below ${list.length}`, unknownId)
  return new Unigram({ vocabulary, scores, unknownId, byteIds: byteFallback ? readByteTokens(vocabulary) : undefined })
}

function readScore(item: unknown, id: number, vocabulary: Map<string, number>, path: string): number {
  const [token, score] = asList(item, path)
  const text = asText(token, `${path}[0]`)
  if (typeof score !== 'number' || !Number.isFinite(score)) throw wrong(`${path}[1]`, 'a number', score)
  if (vocabulary.has(text)) throw wrong(path, 'a token of its own', describe(text))
  vocabulary.set(text, id)
  return asReferenceReads(score)
}

/**
 * The score as the reference's JSON reader takes it: its digits as an integer, divided by a power of ten, both rounded. That is
 * often the neighbour of the nearest float64, and ties between paths hang on it.
 */
function asReferenceReads(score: number): number {
  const [, sign, whole, places = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(score)) ?? []
  if (whole === undefined || places.length > 22) return score
  return Number(`${sign}${whole}${places}`) / 10 ** places.length
}
