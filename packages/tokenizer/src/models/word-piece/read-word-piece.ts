/** Reads a `model` of type WordPiece. */
import { asId, asText, field, refuseUnknownKeys, wrong, type Fields } from '../../reading/fields.js'
import { readUnknown, readVocabulary } from '../read-vocabulary.js'
import { WordPiece } from './word-piece.js'

export function readWordPiece(fields: Fields, path: string): WordPiece {
  refuseUnknownKeys(fields, path, [
    'type',
    'unk_token',
    'continuing_subword_prefix',
    'max_input_chars_per_word',
    'vocab',
  ])
  const vocabulary = readVocabulary(field(fields, 'vocab'), `${path}.vocab`)
  const unknownId = readUnknown(field(fields, 'unk_token'), vocabulary, `${path}.unk_token`)
  if (unknownId === undefined) throw wrong(`${path}.unk_token`, 'a token of the vocabulary', null)
  return new WordPiece({
    vocabulary,
    unknownId,
    prefix: asText(field(fields, 'continuing_subword_prefix') ?? '##', `${path}.continuing_subword_prefix`),
    longestWord: asId(field(fields, 'max_input_chars_per_word') ?? 100, `${path}.max_input_chars_per_word`),
  })
}
