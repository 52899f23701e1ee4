/** WordLevel: a piece is a token, or unknown. */
import { field, refuseUnknownKeys, wrong, type Fields } from '../../reading/fields.js'
import type { IdBuffer } from '../id-buffer.js'
import type { Model } from '../model.js'
import { readUnknown, readVocabulary } from '../read-vocabulary.js'

export function readWordLevel(fields: Fields, path: string): Model {
  refuseUnknownKeys(fields, path, ['type', 'unk_token', 'vocab'])
  const vocabulary = readVocabulary(field(fields, 'vocab'), `${path}.vocab`)
  // As in the reference, an unknown token that the vocabulary lacks fails only once it is needed; here it is a broken file.
  const unknownId = readUnknown(field(fields, 'unk_token'), vocabulary, `${path}.unk_token`)
  if (unknownId === undefined) throw wrong(`${path}.unk_token`, 'a token of the vocabulary', null)
  const encode = (text: string, start: number, end: number, out: IdBuffer): void =>
    out.push(vocabulary.get(text.slice(start, end)) ?? unknownId)
  return {
    vocabulary,
    encode,
    encodeSpans(text, start, end, out, spans) {
      encode(text, start, end, out)
      spans.push(start, end)
    },
  }
}
