/** WordLevel: a piece is a token, or unknown. */
import { asIs, type Fields } from '../../reading/fields.js'
import { readSettings } from '../../reading/steps.js'
import type { IdBuffer } from '../id-buffer.js'
import type { Model } from '../model.js'
import { needUnknown, readVocabulary } from '../read-vocabulary.js'

export function readWordLevel(fields: Fields, path: string): Model {
  const { unk_token, vocab: vocabulary } = readSettings({ fields, path }, { unk_token: asIs, vocab: readVocabulary })
  // As in the reference, an unknown token that the vocabulary lacks fails only once it is needed; here it is a broken file.
  const unknownId = needUnknown(unk_token, vocabulary, `${path}.unk_token`)
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
