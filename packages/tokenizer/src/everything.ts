/** All readers there are. */
import type { Catalog } from './catalog.js'
import { byteFallback, byteLevel } from './decoders/bytes.js'
import { decoderReader } from './decoders/read-decoder.js'
import { fuse, readReplaceText as readReplaceDecoder } from './decoders/replace.js'
import { readStrip as readStripDecoder } from './decoders/strip.js'
import { readBpeDecoder, readCtc, readMetaspaceDecoder, readWordPieceDecoder } from './decoders/word-decoders.js'
import { toByteCharacters } from './models/bpe/byte-alphabet.js'
import { characterSymbols } from './models/bpe/character-symbols.js'
import { bpeReader } from './models/bpe/read-bpe.js'
import { readUnigram } from './models/unigram/read-unigram.js'
import { readWordLevel } from './models/word-level/word-level.js'
import { readWordPiece } from './models/word-piece/read-word-piece.js'
import { readBertSteps } from './normalizers/bert.js'
import { formReaders } from './normalizers/plain-forms.js'
import { readPrecompiled } from './normalizers/precompiled.js'
import { readPrepend, readReplaceText, readStrip } from './normalizers/text-edits.js'
import { lowercase, stripAccents, unicodeForm } from './normalizers/unicode-forms.js'
import { identityOrigin } from './origin/origin.js'
import { postProcessors } from './post-processors/post-processors.js'
import { readByteLevel } from './pre-tokenizers/byte-level.js'
import { changeText, whole } from './pre-tokenizers/change-text.js'
import { readDigits } from './pre-tokenizers/digits.js'
import { readMetaspace } from './pre-tokenizers/metaspace.js'
import { splitWordsOf } from './pre-tokenizers/split-before.js'
import { readSplit } from './pre-tokenizers/split-by.js'
import {
  readBert,
  readCharDelimiter,
  readFixedLength,
  readPunctuation,
  readWhitespace,
  readWhitespaceSplit,
} from './pre-tokenizers/words.js'
import { plain } from './reading/steps.js'
import { canCutStream } from './streaming/can-cut-stream.js'

export const everything: Catalog = {
  models: {
    BPE: bpeReader(characterSymbols),
    Unigram: readUnigram,
    WordPiece: readWordPiece,
    WordLevel: readWordLevel,
  },
  normalizers: {
    ...formReaders(unicodeForm),
    Lowercase: plain(lowercase),
    Prepend: readPrepend,
    Replace: readReplaceText,
    Strip: readStrip,
    BertNormalizer: readBertSteps,
    ByteLevel: plain(toByteCharacters),
    Precompiled: readPrecompiled,
    StripAccents: plain(stripAccents),
  },
  preTokenizers: {
    ByteLevel: readByteLevel,
    Digits: readDigits,
    BertPreTokenizer: readBert,
    CharDelimiterSplit: readCharDelimiter,
    FixedLength: readFixedLength,
    Metaspace: readMetaspace,
    Punctuation: readPunctuation,
    Split: readSplit,
    Whitespace: readWhitespace,
    WhitespaceSplit: readWhitespaceSplit,
  },
  postProcessors,
  readDecoder: decoderReader({
    ByteLevel: () => byteLevel,
    ByteFallback: () => byteFallback,
    Fuse: () => fuse,
    Replace: readReplaceDecoder,
    Strip: readStripDecoder,
    BPEDecoder: readBpeDecoder,
    CTC: readCtc,
    Metaspace: readMetaspaceDecoder,
    WordPiece: readWordPieceDecoder,
  }),
  canCutStream,
  splitWords: splitWordsOf,
  byteCharacters: changeText(toByteCharacters, whole),
  originOf: identityOrigin,
}
