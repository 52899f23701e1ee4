/** Builds the pre-tokenizer that a `tokenizer.json` names. */
import type { Catalog } from '../catalog.js'
import { UnsupportedTokenizerError } from '../errors.js'
import { readSteps, readWith } from '../reading/steps.js'
import { chain, whole } from './change-text.js'
import type { PreTokenizer } from './pre-tokenizer.js'

export interface PreTokenizerPlan {
  readonly preTokenize: PreTokenizer
  /** Whether `ByteLevel` is the last step, so that the model may take bytes. */
  readonly endsInBytes: boolean
}

/** `bytesInModel` says that the step from characters to bytes is left to the model when `ByteLevel` is last. */
export function readPreTokenizer(
  value: unknown,
  { preTokenizers, byteCharacters }: Catalog,
  bytesInModel: boolean,
): PreTokenizerPlan {
  const steps = readSteps(value, 'pre_tokenizer', 'pretokenizers')
  const parts = steps.map((step, i) => {
    const part = readWith(preTokenizers, step)
    if (step.type !== 'ByteLevel' || (bytesInModel && i === steps.length - 1)) return part
    if (byteCharacters) return chain(byteCharacters, part)
    throw new UnsupportedTokenizerError(step.path, 'ByteLevel as the last step of plain BPE', 'ByteLevel elsewhere')
  })
  return {
    preTokenize: parts.length === 0 ? whole : parts.reduceRight(chain),
    endsInBytes: steps.at(-1)?.type === 'ByteLevel',
  }
}
