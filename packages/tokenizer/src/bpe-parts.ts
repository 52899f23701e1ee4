/** The readers that files of BPE language models need. */
import type { Catalog } from './catalog.js'
import { byteFallback, byteLevel } from './decoders/bytes.js'
import { fuse, readReplaceText as readReplaceDecoder } from './decoders/replace.js'
import { readStrip as readStripDecoder } from './decoders/strip.js'
import { readBpe } from './models/bpe/read-bpe.js'
import { plain } from './normalizers/read-normalizer.js'
import { readPrepend, readReplaceText, readStrip } from './normalizers/text-edits.js'
import { lowercase, unicodeForm } from './normalizers/unicode-forms.js'
import { readByteLevel } from './pre-tokenizers/byte-level.js'
import { readDigits } from './pre-tokenizers/digits.js'
import { readNamedSplit } from './pre-tokenizers/named-patterns.js'

export const bpeParts: Catalog = {
  models: { BPE: readBpe },
  normalizers: {
    NFC: plain(unicodeForm('NFC')),
    NFD: plain(unicodeForm('NFD')),
    NFKC: plain(unicodeForm('NFKC')),
    NFKD: plain(unicodeForm('NFKD')),
    Lowercase: plain(lowercase),
    Prepend: readPrepend,
    Replace: readReplaceText,
    Strip: readStrip,
  },
  preTokenizers: { ByteLevel: readByteLevel, Digits: readDigits, Split: readNamedSplit },
  decoders: {
    ByteLevel: () => byteLevel,
    ByteFallback: () => byteFallback,
    Fuse: () => fuse,
    Replace: readReplaceDecoder,
    Strip: readStripDecoder,
  },
}
