/** Checks that a `tokenizer.json` asks for the one decoder there is, `ByteLevel`. */
import { UnsupportedTokenizerError } from '../errors.js'
import { describe } from '../reading/describe.js'
import { asFields, asText, field } from '../reading/fields.js'

export function checkDecoder(value: unknown, path = 'decoder'): void {
  if (value === null || value === undefined) throw new UnsupportedTokenizerError(path, 'ByteLevel', describe(value))
  const type = asText(field(asFields(value, path), 'type'), `${path}.type`)
  if (type !== 'ByteLevel') throw new UnsupportedTokenizerError(`${path}.type`, 'ByteLevel', type)
}
