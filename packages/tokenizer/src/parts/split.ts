/** `Split` by patterns that have a scanner, and by texts; and `Digits`. */
import type { TokenizerParts } from '../catalog.js'
import { UnsupportedTokenizerError } from '../errors.js'
import { readDigits } from '../pre-tokenizers/digits.js'
import { scannerFor } from '../pre-tokenizers/named-patterns.js'
import { splitReader } from '../pre-tokenizers/split.js'
import { describe } from '../reading/describe.js'

export const parts: TokenizerParts = {
  preTokenizers: {
    Split: splitReader((pattern, path) => {
      const supported = 'without patternParts, the patterns of GPT-2, cl100k, Llama 3 and Qwen 2'
      throw new UnsupportedTokenizerError(path, supported, describe(pattern))
    }),
    Digits: readDigits,
  },
  cuts: { Split: (step) => (scannerFor(step) ? true : undefined), Digits: () => false },
}
