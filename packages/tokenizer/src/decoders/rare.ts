/** Decoders that few files have: `BPEDecoder`, `CTC`. */
import { asBoolean, asText } from '../reading/fields.js'
import { readSettings, type Step } from '../reading/steps.js'
import { cleanUp } from './clean-up.js'
import { whenWhole, type Decoder, type DecoderStage } from './decoder.js'

/** The mark at the end of a word is a space, but for the last token. */
export function readBpeDecoder(step: Step): Decoder {
  const { suffix } = readSettings(step, { suffix: asText })
  return (fused) => {
    let held: string | undefined
    const stage: DecoderStage = {
      push(token, emit) {
        if (held !== undefined) emit(held.replaceAll(suffix, ' '))
        held = token
      },
      end(emit) {
        if (held !== undefined) emit(held.replaceAll(suffix, ''))
        held = undefined
      },
    }
    return fused ? whenWhole(stage) : stage
  }
}

/** Connectionist temporal classification: tokens that repeat count once, the pad token stands for nothing. */
export function readCtc(step: Step): Decoder {
  const {
    pad_token: pad,
    word_delimiter_token: delimiter,
    cleanup,
  } = readSettings(step, { pad_token: asText, word_delimiter_token: asText, cleanup: asBoolean })
  return (fused) => {
    let before: string | undefined
    const stage: DecoderStage = {
      push(token, emit) {
        if (token === before) return
        before = token
        const text = token.replaceAll(pad, '')
        if (text !== '') emit(cleanup ? cleanUp(text).replaceAll(delimiter, ' ') : text)
      },
      end: () => (before = undefined),
    }
    return fused ? whenWhole(stage) : stage
  }
}
