/** WordPiece and WordLevel, and the steps that come with them: kinds of characters, case and accents. */
import type { TokenizerParts } from '../catalog.js'
import { readWordPieceDecoder } from '../decoders/word-piece.js'
import { readWordLevel } from '../models/word-level/word-level.js'
import { readWordPiece } from '../models/word-piece/read-word-piece.js'
import { readBertSteps } from '../normalizers/bert.js'
import { lowercase, stripAccents } from '../normalizers/letters.js'
import { readBert, readPunctuation, readWhitespace } from '../pre-tokenizers/words.js'
import { plain } from '../reading/steps.js'

const no = (): boolean => false
const yes = (): boolean => true

export const parts: TokenizerParts = {
  models: { WordPiece: readWordPiece, WordLevel: readWordLevel },
  normalizers: { BertNormalizer: readBertSteps, Lowercase: plain(lowercase), StripAccents: plain(stripAccents) },
  preTokenizers: {
    BertPreTokenizer: readBert,
    Punctuation: readPunctuation,
    Whitespace: readWhitespace,
  },
  decoders: { WordPiece: readWordPieceDecoder },
  cuts: {
    BertNormalizer: no,
    Lowercase: no,
    StripAccents: no,
    Punctuation: no,
    BertPreTokenizer: yes,
    Whitespace: yes,
  },
}
