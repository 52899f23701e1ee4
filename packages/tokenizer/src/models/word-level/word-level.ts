/** WordLevel: a piece is a token, or unknown. */
import { asIs, type Fields } from '../../reading/fields.js'
import { readSettings } from '../../reading/steps.js'
import type { Model } from '../model.js'
import { needUnknown, readVocabulary } from '../read-vocabulary.js'

export function readWordLevel(fields: Fields, path: string): Model {
  const { unk_token, vocab: vocabulary } = readSettings({ fields, path }, { unk_token: asIs, vocab: readVocabulary })
  // As in the reference, an unknown token that the vocabulary lacks fails only once it is needed; here it is a broken file.
  const unknownId = needUnknown(unk_token, vocabulary, `${path}.unk_token`)
  const idOf = (text: string, start: number, end: number): number => vocabulary.get(text.slice(start, end)) ?? unknownId
  return {
    vocabulary,
    encode: (text, start, end, out) => out.push(idOf(text, start, end)),
    room: () => 1,
    write(text, start, end, symbols, spans) {
      symbols[0] = idOf(text, start, end)
      spans?.set([start, end])
      return 1
    },
  }
}
