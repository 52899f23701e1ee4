/** What files of byte-level BPE with the pattern of GPT-2 need: it is there without fetching. */
import type { Catalog } from '../catalog.js'
import { readByteDecoder } from '../decoders/read-byte-decoder.js'
import { readBpe } from '../models/bpe/read-bpe.js'
import { formReaders, plainForm } from '../normalizers/plain-forms.js'
import { readAffixes } from '../post-processors/affixes.js'
import { readByteLevel } from '../pre-tokenizers/byte-level.js'

export const byteParts = (): Catalog => ({
  models: { BPE: readBpe },
  normalizers: formReaders(plainForm),
  preTokenizers: { ByteLevel: readByteLevel },
  decoders: {},
  cuts: {},
  readPostProcessor: readAffixes,
  readDecoder: readByteDecoder,
})
