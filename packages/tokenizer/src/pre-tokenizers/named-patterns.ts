/** Patterns that have a scanner. */
import type { Step } from '../reading/steps.js'
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

/** The scanner for a `Split` that has one, undefined for others. */
export function scannerFor({ fields }: Step): PreTokenizer | undefined {
  const { pattern, behavior, invert } = fields as {
    pattern?: { Regex?: unknown }
    behavior?: unknown
    invert?: unknown
  }
  // These patterns match every character, so Isolated keeps all matches and an inverted Removed keeps just them too.
  return behavior === (invert ? 'Removed' : 'Isolated') ? patterns.get(pattern?.Regex) : undefined
}
