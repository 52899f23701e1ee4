/** Reads a `model` of type WordPiece. */
import { asId, asIs, asText, orElse, type Fields } from '../../reading/fields.js'
import { readSettings } from '../../reading/steps.js'
import { needUnknown, readVocabulary } from '../read-vocabulary.js'
import { WordPiece } from './word-piece.js'

export function readWordPiece(fields: Fields, path: string): WordPiece {
  const file = readSettings({ fields, path }, READERS)
  return new WordPiece({
    vocabulary: file.vocab,
    unknownId: needUnknown(file.unk_token, file.vocab, `${path}.unk_token`),
    prefix: file.continuing_subword_prefix,
    longestWord: file.max_input_chars_per_word,
  })
}

const READERS = {
  unk_token: asIs,
  continuing_subword_prefix: orElse(asText, '##'),
  max_input_chars_per_word: orElse(asId, 100),
  vocab: readVocabulary,
}
