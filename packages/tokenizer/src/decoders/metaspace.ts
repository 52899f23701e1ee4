/** The decoder `Metaspace`: the sign at the start of words is a space again. */
import { readMetaspaceOptions } from '../pre-tokenizers/metaspace.js'
import type { Step } from '../reading/steps.js'
import { eachToken, type Decoder } from './decoder.js'

export function readMetaspaceDecoder(step: Step): Decoder {
  const { replacement, scheme } = readMetaspaceOptions(step)
  return eachToken((token, isFirst) => token.replaceAll(replacement, isFirst && scheme !== 'never' ? '' : ' '))
}
