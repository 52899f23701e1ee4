/** Decoding token by token and cutting at spaces besides what `byteParts` has: it is there without fetching, for any file. */
import type { Catalog } from '../catalog.js'
import { readDecoder } from '../decoders/read-decoder.js'
import { oldType } from '../models/old-type.js'
import { formReaders } from '../normalizers/plain-forms.js'
import { readWhitespaceSplit } from '../pre-tokenizers/whitespace-split.js'
import { field } from '../reading/fields.js'
import { byteParts } from './bytes.js'

export const baseParts = (): Catalog => {
  const base = byteParts()
  return {
    ...base,
    preTokenizers: { ...base.preTokenizers, WhitespaceSplit: readWhitespaceSplit },
    readDecoder,
    oldType,
    cuts: {
      ...formReaders(() => false),
      ByteLevel: ({ fields }) => field(fields, 'use_regex') !== false,
      WhitespaceSplit: () => true,
    },
  }
}
