/** Builds the normalizer that a `tokenizer.json` names: the four Unicode forms, Lowercase, and sequences of them. */
import { UnsupportedTokenizerError } from '../errors.js'
import { asFields, asList, asText, field, refuseUnknownKeys } from '../reading/fields.js'

export type Normalizer = (text: string) => string

const identity: Normalizer = (text) => text

// Character by character, as in the reference: no final sigma.
const lowercase: Normalizer = (text) => text.replace(/\P{ASCII}|[A-Z]/gu, (character) => character.toLowerCase())

export function readNormalizer(value: unknown, path = 'normalizer'): Normalizer {
  if (value === null || value === undefined) return identity
  const fields = asFields(value, path)
  const type = asText(field(fields, 'type'), `${path}.type`)
  if (type === 'Sequence') {
    refuseUnknownKeys(fields, path, ['type', 'normalizers'])
    const items = asList(field(fields, 'normalizers'), `${path}.normalizers`)
    const steps = items.map((item, i) => readNormalizer(item, `${path}.normalizers[${i}]`))
    return (text) => steps.reduce((result, step) => step(result), text)
  }
  refuseUnknownKeys(fields, path, ['type'])
  if (type === 'NFC' || type === 'NFD' || type === 'NFKC' || type === 'NFKD') return (text) => text.normalize(type)
  if (type === 'Lowercase') return lowercase
  throw new UnsupportedTokenizerError(`${path}.type`, 'NFC, NFD, NFKC, NFKD, Lowercase, Sequence', type)
}
