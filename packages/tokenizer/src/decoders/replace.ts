/** The decoders `Replace`, for texts, and `Fuse`, which makes one token of all. */
import { asFields, asText, field, refuseUnknownKeys, wrong } from '../reading/fields.js'
import type { Step } from '../reading/steps.js'
import { eachToken, type Decoder } from './decoder.js'

/** `Replace` with a text as its pattern. */
export function readReplaceText({ fields, path }: Step): Decoder {
  refuseUnknownKeys(fields, path, ['type', 'pattern', 'content'])
  const at = `${path}.pattern.String`
  const pattern = asText(field(asFields(field(fields, 'pattern'), `${path}.pattern`), 'String'), at)
  if (pattern === '') throw wrong(at, 'at least one character', pattern)
  const content = asText(field(fields, 'content'), `${path}.content`)
  const replace = eachToken((token) => token.replaceAll(pattern, () => content))
  // One code unit is whole in every part.
  return (fused) => replace(fused && pattern.length > 1)
}

export const fuse: Decoder = () => ({ push: (token, emit) => emit(token), end() {} })
