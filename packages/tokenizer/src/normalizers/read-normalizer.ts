/** Builds the normalizer that a `tokenizer.json` names: the four Unicode forms, Lowercase, and sequences of them. */
import { UnsupportedTokenizerError } from '../errors.js'
import { refuseUnknownKeys } from '../reading/fields.js'
import { readSteps, type Step } from '../reading/steps.js'

export type Normalizer = (text: string) => string

// Character by character, as in the reference: no final sigma.
const lowercase: Normalizer = (text) => text.replace(/\P{ASCII}|[A-Z]/gu, (character) => character.toLowerCase())

export function readNormalizer(value: unknown): Normalizer {
  const steps = readSteps(value, 'normalizer', 'normalizers').map(readStep)
  return (text) => steps.reduce((result, step) => step(result), text)
}

function readStep({ type, fields, path }: Step): Normalizer {
  refuseUnknownKeys(fields, path, ['type'])
  if (type === 'NFC' || type === 'NFD' || type === 'NFKC' || type === 'NFKD') return (text) => text.normalize(type)
  if (type === 'Lowercase') return lowercase
  throw new UnsupportedTokenizerError(`${path}.type`, 'NFC, NFD, NFKC, NFKD, Lowercase', type)
}
