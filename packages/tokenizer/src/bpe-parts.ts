/** The readers that files of byte-level BPE need. */
import type { Catalog } from './catalog.js'
import { readByteDecoder } from './decoders/read-byte-decoder.js'
import { bpeReader } from './models/bpe/read-bpe.js'
import { formReaders, plainForm } from './normalizers/plain-forms.js'
import { singlePostProcessors } from './post-processors/single.js'
import { readByteLevel } from './pre-tokenizers/byte-level.js'
import { readDigits } from './pre-tokenizers/digits.js'
import { readNamedSplit } from './pre-tokenizers/named-patterns.js'
import { field } from './reading/fields.js'
import { readSteps } from './reading/steps.js'

export const bpeParts: Catalog = {
  models: { BPE: bpeReader() },
  normalizers: formReaders(plainForm),
  preTokenizers: { ByteLevel: readByteLevel, Digits: readDigits, Split: readNamedSplit },
  postProcessors: singlePostProcessors,
  readDecoder: readByteDecoder,
  // All steps here look no further than the end of a word; of those that end one, one must be there.
  canCutStream: (file) =>
    readSteps(field(file, 'pre_tokenizer'), 'pre_tokenizer', 'pretokenizers').some(
      ({ type, fields }) => type === 'Split' || (type === 'ByteLevel' && field(fields, 'use_regex') !== false),
    ),
}
