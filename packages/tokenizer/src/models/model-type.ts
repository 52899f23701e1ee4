/** What model a file has, before it is read. */
import { asFields, asText, field, type Fields } from '../reading/fields.js'

const CHARACTER_KEYS = ['continuing_subword_prefix', 'end_of_word_suffix', 'byte_fallback']

export interface ModelInfo {
  readonly fields: Fields
  readonly type: string
  /** Whether it takes bytes itself where `ByteLevel` stands last: plain BPE. Others see the characters of the byte alphabet. */
  readonly takesBytes: boolean
}

export function modelOf(file: Fields): ModelInfo {
  const fields = asFields(field(file, 'model'), 'model')
  const type = typeOf(fields)
  return { fields, type, takesBytes: type === 'BPE' && CHARACTER_KEYS.every((key) => !field(fields, key)) }
}

/** Older files have no type: then the fields tell, as in the reference. */
function typeOf(fields: Fields): string {
  const has = (key: string): boolean => field(fields, key) !== undefined
  if (has('type')) return asText(field(fields, 'type'), 'model.type')
  return has('merges')
    ? 'BPE'
    : has('unk_id')
      ? 'Unigram'
      : has('continuing_subword_prefix')
        ? 'WordPiece'
        : 'WordLevel'
}
