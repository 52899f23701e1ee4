/** What model a file has, before it is read. */
import { asFields, asText, field, type Fields } from '../reading/fields.js'

const CHARACTER_KEYS = ['continuing_subword_prefix', 'end_of_word_suffix', 'byte_fallback']

export interface ModelInfo {
  readonly fields: Fields
  readonly type: string
  /** Whether it takes bytes itself where `ByteLevel` stands last: plain BPE. Others see the characters of the byte alphabet. */
  readonly takesBytes: boolean
}

/** `oldType` tells the type of files that have none. */
export function modelOf(file: Fields, oldType: (model: Fields) => string = () => 'BPE'): ModelInfo {
  const fields = asFields(field(file, 'model'), 'model')
  const type = asText(field(fields, 'type') ?? oldType(fields), 'model.type')
  return { fields, type, takesBytes: type === 'BPE' && CHARACTER_KEYS.every((key) => !field(fields, key)) }
}
