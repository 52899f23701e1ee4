/** `Split` by patterns that have a scanner, and by texts; and `Digits`. */
import type { TokenizerParts } from '../catalog.js'
import { readDigits } from '../pre-tokenizers/digits.js'
import { scannerFor } from '../pre-tokenizers/named-patterns.js'
import { readSplit } from '../pre-tokenizers/split.js'

export const parts: TokenizerParts = {
  preTokenizers: { Split: readSplit, Digits: readDigits },
  cuts: { Split: (step) => (scannerFor(step) ? true : undefined), Digits: () => false },
}
