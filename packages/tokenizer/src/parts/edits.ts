/** Steps that edit text, decoding into bytes, and BPE over characters: what files of the Llama kind need. */
import type { TokenizerParts } from '../catalog.js'
import { byteFallback, byteLevel } from '../decoders/bytes.js'
import { fuse, readReplaceText as readReplaceDecoder } from '../decoders/replace.js'
import { readStrip as readStripDecoder } from '../decoders/strip.js'
import { toByteCharacters } from '../models/bpe/byte-alphabet.js'
import { characterSymbols } from '../models/bpe/character-symbols.js'
import { readPrepend, readReplaceText, readStrip } from '../normalizers/text-edits.js'
import { changeText, whole } from '../pre-tokenizers/change-text.js'
import { splitWordsOf } from '../pre-tokenizers/split-before.js'
import { asFields, field } from '../reading/fields.js'
import { plain } from '../reading/steps.js'

const no = (): boolean => false

export const parts: TokenizerParts = {
  characters: characterSymbols,
  splitWords: splitWordsOf,
  normalizers: {
    ByteLevel: plain(toByteCharacters),
    Prepend: readPrepend,
    Replace: readReplaceText,
    Strip: readStrip,
  },
  byteCharacters: changeText(toByteCharacters, whole),
  decoders: {
    ByteLevel: () => byteLevel,
    ByteFallback: () => byteFallback,
    Fuse: () => fuse,
    Replace: readReplaceDecoder,
    Strip: readStripDecoder,
  },
  cuts: {
    Prepend: no,
    Replace: ({ fields }) =>
      field(asFields(field(fields, 'pattern'), 'pattern'), 'String') === ' ' ? false : undefined,
  },
}
