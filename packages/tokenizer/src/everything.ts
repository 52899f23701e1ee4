/** All readers there are. */
import type { Catalog } from './catalog.js'
import { bpeParts } from './bpe-parts.js'
import { readBpeDecoder, readCtc, readMetaspaceDecoder, readWordPieceDecoder } from './decoders/word-decoders.js'
import { toByteCharacters } from './models/bpe/byte-alphabet.js'
import { readUnigram } from './models/unigram/read-unigram.js'
import { readWordLevel } from './models/word-level/word-level.js'
import { readWordPiece } from './models/word-piece/read-word-piece.js'
import { readBertSteps } from './normalizers/bert.js'
import { plain } from './normalizers/read-normalizer.js'
import { readPrecompiled } from './normalizers/precompiled.js'
import { stripAccents } from './normalizers/unicode-forms.js'
import { readMetaspace } from './pre-tokenizers/metaspace.js'
import { readSplit } from './pre-tokenizers/split-by.js'
import {
  readBert,
  readCharDelimiter,
  readFixedLength,
  readPunctuation,
  readWhitespace,
  readWhitespaceSplit,
} from './pre-tokenizers/words.js'

export const everything: Catalog = {
  models: { ...bpeParts.models, Unigram: readUnigram, WordPiece: readWordPiece, WordLevel: readWordLevel },
  normalizers: {
    ...bpeParts.normalizers,
    BertNormalizer: readBertSteps,
    ByteLevel: plain(toByteCharacters),
    Precompiled: readPrecompiled,
    StripAccents: plain(stripAccents),
  },
  preTokenizers: {
    ...bpeParts.preTokenizers,
    BertPreTokenizer: readBert,
    CharDelimiterSplit: readCharDelimiter,
    FixedLength: readFixedLength,
    Metaspace: readMetaspace,
    Punctuation: readPunctuation,
    Split: readSplit,
    Whitespace: readWhitespace,
    WhitespaceSplit: readWhitespaceSplit,
  },
  decoders: {
    ...bpeParts.decoders,
    BPEDecoder: readBpeDecoder,
    CTC: readCtc,
    Metaspace: readMetaspaceDecoder,
    WordPiece: readWordPieceDecoder,
  },
}
