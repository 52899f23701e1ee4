/** The `ByteLevel` pre-tokenizer. The step from characters to bytes is the model's; here are its prefix space and its pattern. */
import { asBoolean, field, refuseUnknownKeys } from '../reading/fields.js'
import type { Step } from '../reading/steps.js'
import { changeText, whole } from './change-text.js'
import type { PreTokenizer } from './pre-tokenizer.js'
import { splitGpt2 } from './split-gpt2.js'

const BLANK = 0x20

export interface ByteLevelOptions {
  readonly addPrefixSpace: boolean
  readonly useRegex: boolean
}

export function byteLevel({ addPrefixSpace, useRegex }: ByteLevelOptions): PreTokenizer {
  const split = useRegex ? splitGpt2 : whole
  if (!addPrefixSpace) return split
  const spaced = changeText((text, edits) => {
    edits?.push(0, 0, 1)
    return ` ${text}`
  }, split)
  return (text, start, end, emit, origin) =>
    (text.charCodeAt(start) === BLANK ? split : spaced)(text, start, end, emit, origin)
}

export function readByteLevel({ fields, path }: Step): PreTokenizer {
  refuseUnknownKeys(fields, path, ['type', 'add_prefix_space', 'trim_offsets', 'use_regex'])
  return byteLevel({
    addPrefixSpace: asBoolean(field(fields, 'add_prefix_space'), `${path}.add_prefix_space`),
    useRegex: asBoolean(field(fields, 'use_regex') ?? true, `${path}.use_regex`),
  })
}
