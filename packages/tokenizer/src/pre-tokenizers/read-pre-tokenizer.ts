/** Builds the pre-tokenizer that a `tokenizer.json` names. Its last step must be `ByteLevel`, as the model works on bytes. */
import { UnsupportedTokenizerError } from '../errors.js'
import { describe } from '../reading/describe.js'
import { asBoolean, asFields, asText, field, refuseUnknownKeys } from '../reading/fields.js'
import { readSteps, type Step } from '../reading/steps.js'
import { byteLevel } from './byte-level.js'
import { digits } from './digits.js'
import type { PreTokenizer } from './pre-tokenizer.js'
import { splitCl100k } from './split-cl100k.js'
import { splitGpt2 } from './split-gpt2.js'

const cl100k = (numbers: string): string =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`

// Only patterns with a scanner: a file cannot bring a regular expression that never ends.
const patterns = new Map<string, PreTokenizer>([
  ["'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", splitGpt2],
  ["'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", splitGpt2],
  [cl100k('\\p{N}{1,3}'), splitCl100k(3)],
  [cl100k('\\p{N}'), splitCl100k(1)],
])

export function readPreTokenizer(value: unknown): PreTokenizer {
  const steps = readSteps(value, 'pre_tokenizer', 'pretokenizers')
  const last = steps.at(-1)
  if (last?.type !== 'ByteLevel') {
    throw new UnsupportedTokenizerError(
      'pre_tokenizer',
      'ByteLevel, or a Sequence that ends in it',
      last?.type ?? 'null',
    )
  }
  const before = steps.slice(0, -1).map(readStep)
  return before.reduceRight(chain, readByteLevel(last))
}

/** `step`, and on each of its pieces `after`. */
function chain(after: PreTokenizer, step: PreTokenizer): PreTokenizer {
  return (text, start, end, emit) => step(text, start, end, (t, s, e) => after(t, s, e, emit))
}

function readStep(step: Step): PreTokenizer {
  if (step.type === 'Digits') return readDigits(step)
  if (step.type === 'Split') return readSplit(step)
  // ByteLevel turns text into its byte alphabet, so a step behind it would see other characters.
  throw new UnsupportedTokenizerError(`${step.path}.type`, 'Digits and Split, then one ByteLevel at the end', step.type)
}

function readByteLevel({ fields, path }: Step): PreTokenizer {
  refuseUnknownKeys(fields, path, ['type', 'add_prefix_space', 'trim_offsets', 'use_regex'])
  return byteLevel({
    addPrefixSpace: asBoolean(field(fields, 'add_prefix_space'), `${path}.add_prefix_space`),
    useRegex: asBoolean(field(fields, 'use_regex') ?? true, `${path}.use_regex`),
  })
}

function readDigits({ fields, path }: Step): PreTokenizer {
  refuseUnknownKeys(fields, path, ['type', 'individual_digits'])
  return digits(asBoolean(field(fields, 'individual_digits'), `${path}.individual_digits`))
}

function readSplit({ fields, path }: Step): PreTokenizer {
  refuseUnknownKeys(fields, path, ['type', 'pattern', 'behavior', 'invert'])
  const behavior = asText(field(fields, 'behavior'), `${path}.behavior`)
  const invert = asBoolean(field(fields, 'invert') ?? false, `${path}.invert`)
  const regex = field(asFields(field(fields, 'pattern'), `${path}.pattern`), 'Regex')
  const split = patterns.get(regex === undefined ? '' : asText(regex, `${path}.pattern.Regex`))
  if (!split)
    throw new UnsupportedTokenizerError(
      `${path}.pattern`,
      'the patterns of GPT-2, cl100k, Llama 3 and Qwen 2',
      describe(regex),
    )
  // These patterns match every character, so Isolated keeps all matches and an inverted Removed keeps just them too.
  if ((behavior === 'Isolated' && !invert) || (behavior === 'Removed' && invert)) return split
  throw new UnsupportedTokenizerError(
    `${path}.behavior`,
    'Isolated, or Removed with invert',
    `${behavior} with invert ${invert}`,
  )
}
