/** The `ByteLevel` pre-tokenizer. The step from characters to bytes is the model's; here are its prefix space and its pattern. */
import { asBoolean, asIs, orElse } from '../reading/fields.js'
import { readSettings, type Step } from '../reading/steps.js'
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

export function readByteLevel(step: Step): PreTokenizer {
  const { add_prefix_space, use_regex } = readSettings(step, {
    add_prefix_space: asBoolean,
    trim_offsets: asIs,
    use_regex: orElse(asBoolean, true),
  })
  return byteLevel({ addPrefixSpace: add_prefix_space, useRegex: use_regex })
}
