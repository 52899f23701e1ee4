/** Whether text in parts can be encoded part by part: where every file part sees a letter and a space behind it as two things. */
import { asFields, field, type Fields } from '../reading/fields.js'
import { readSteps, type Step } from '../reading/steps.js'
import { readSplitFields, scannerFor } from '../pre-tokenizers/named-patterns.js'

const splitsAtSpace = ({ type, fields, path }: Step): boolean => {
  if (type === 'ByteLevel') return field(fields, 'use_regex') !== false
  if (type === 'Split')
    return scannerFor(readSplitFields({ type, fields, path }), field(fields, 'behavior')) !== undefined
  if (type === 'Metaspace') return field(fields, 'split') !== false
  return type === 'Whitespace' || type === 'WhitespaceSplit' || type === 'BertPreTokenizer'
}

// Steps that look at one character at a time, or put something before a text that has no space.
const LOCAL = ['ByteLevel', 'Metaspace', 'Digits', 'Punctuation', 'Whitespace', 'WhitespaceSplit', 'BertPreTokenizer']
const NORMALIZERS = [
  'NFC',
  'NFD',
  'NFKC',
  'NFKD',
  'Lowercase',
  'Prepend',
  'BertNormalizer',
  'StripAccents',
  'Precompiled',
]

const isOneSpace = ({ type, fields }: Step): boolean =>
  type === 'Replace' && field(asFields(field(fields, 'pattern'), 'pattern'), 'String') === ' '

/** The place to cut is between an ASCII letter and a space. */
export function canCutStream(file: Fields, cutsAtMarks: boolean): boolean {
  const steps = readSteps(field(file, 'pre_tokenizer'), 'pre_tokenizer', 'pretokenizers')
  const normalizers = readSteps(field(file, 'normalizer'), 'normalizer', 'normalizers')
  const cuts = cutsAtMarks || steps.some(splitsAtSpace)
  const local = steps.every((step) => LOCAL.includes(step.type) || splitsAtSpace(step))
  const first = steps.some((step) => field(step.fields, 'prepend_scheme') === 'first')
  const plain = normalizers.every((step) => NORMALIZERS.includes(step.type) || isOneSpace(step))
  return cuts && local && !first && plain
}
