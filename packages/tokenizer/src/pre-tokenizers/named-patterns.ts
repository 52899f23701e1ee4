/** Patterns that have a scanner, and `Split` by them alone. */
import { UnsupportedTokenizerError } from '../errors.js'
import { describe } from '../reading/describe.js'
import { asBoolean, asFields, asIs, asText, field, orElse } from '../reading/fields.js'
import { readSettings, type Step } from '../reading/steps.js'
import type { PreTokenizer } from './pre-tokenizer.js'
import { splitCl100k } from './split-cl100k.js'
import { splitGpt2 } from './split-gpt2.js'

const cl100k = (numbers: string): string =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${numbers}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`

const patterns = new Map<unknown, PreTokenizer>([
  ["'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", splitGpt2],
  ["'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", splitGpt2],
  [cl100k('\\p{N}{1,3}'), splitCl100k(3)],
  [cl100k('\\p{N}'), splitCl100k(1)],
])

export interface SplitFields {
  readonly regex: string | undefined
  readonly text: string | undefined
  readonly invert: boolean
}

export function readSplitFields(step: Step): SplitFields {
  const { pattern, invert } = readSettings(step, {
    pattern: asFields,
    behavior: asIs,
    invert: orElse(asBoolean, false),
  })
  const of = (key: string): string | undefined =>
    field(pattern, key) === undefined ? undefined : asText(field(pattern, key), `${step.path}.pattern.${key}`)
  return { regex: of('Regex'), text: of('String'), invert }
}

/** The scanner for a `Split` that has one, undefined for others. */
export function scannerFor({ regex, invert }: SplitFields, behavior: unknown): PreTokenizer | undefined {
  // These patterns match every character, so Isolated keeps all matches and an inverted Removed keeps just them too.
  return behavior === (invert ? 'Removed' : 'Isolated') ? patterns.get(regex) : undefined
}

/** Reads a `Split` by one of the patterns with a scanner. */
export function readNamedSplit(step: Step): PreTokenizer {
  const split = readSplitFields(step)
  const scanner = scannerFor(split, field(step.fields, 'behavior'))
  if (scanner) return scanner
  const supported = 'the patterns of GPT-2, cl100k, Llama 3 and Qwen 2, Isolated or inverted and Removed'
  throw new UnsupportedTokenizerError(`${step.path}.pattern`, supported, describe(split.regex ?? split.text))
}
