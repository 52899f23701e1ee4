/** The `ByteLevel` pre-tokenizer. The step from characters to bytes is the model's; here are its prefix space and its pattern. */
import type { PreTokenizer } from './pre-tokenizer.js'
import { splitGpt2 } from './split-gpt2.js'

export interface ByteLevelOptions {
  readonly addPrefixSpace: boolean
  readonly useRegex: boolean
}

const whole: PreTokenizer = (text, start, end, emit) => emit(text, start, end)

export function byteLevel({ addPrefixSpace, useRegex }: ByteLevelOptions): PreTokenizer {
  const split = useRegex ? splitGpt2 : whole
  if (!addPrefixSpace) return split
  return (text, start, end, emit) => {
    if (text.charCodeAt(start) === 0x20) return split(text, start, end, emit)
    const spaced = ` ${text.slice(start, end)}`
    split(spaced, 0, spaced.length, emit)
  }
}
