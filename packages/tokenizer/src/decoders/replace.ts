/** The decoders `Replace`, for texts, and `Fuse`, which makes one token of all. */
import { readReplacement } from '../reading/read-replacement.js'
import type { Step } from '../reading/steps.js'
import { eachToken, type Decoder } from './decoder.js'

/** `Replace` with a text as its pattern. */
export function readReplaceText(step: Step): Decoder {
  const { pattern, content } = readReplacement(step)
  const replace = eachToken((token) => token.replaceAll(pattern, () => content))
  // One code unit is whole in every part.
  return (fused) => replace(fused && pattern.length > 1)
}

export const fuse: Decoder = () => ({ push: (token, emit) => emit(token), end() {} })
