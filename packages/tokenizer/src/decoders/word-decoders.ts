/** Decoders that put words together again: `WordPiece`, `Metaspace`, `BPEDecoder`, `CTC`. */
import { asBoolean, asText } from '../reading/fields.js'
import { readSettings, type Step } from '../reading/steps.js'
import { readMetaspaceOptions } from '../pre-tokenizers/metaspace.js'
import { eachToken, whenWhole, type Decoder, type DecoderStage } from './decoder.js'

const CLEANUPS = [' .', ' ?', ' !', ' ,', " ' ", " n't", " 'm", ' do not', " 's", " 've", " 're"]

/** Takes away the spaces that tokenization has put before marks, as the reference does in every token by itself. */
function cleanUp(text: string): string {
  for (const found of CLEANUPS)
    text = text.replaceAll(found, found === " ' " ? "'" : found === ' do not' ? " don't" : found.slice(1))
  return text
}

export function readWordPieceDecoder(step: Step): Decoder {
  const { prefix, cleanup } = readSettings(step, { prefix: asText, cleanup: asBoolean })
  return eachToken((token, isFirst) => {
    const text = isFirst ? token : token.startsWith(prefix) ? token.slice(prefix.length) : ` ${token}`
    return cleanup ? cleanUp(text) : text
  })
}

export function readMetaspaceDecoder(step: Step): Decoder {
  const { replacement, scheme } = readMetaspaceOptions(step)
  return eachToken((token, isFirst) => token.replaceAll(replacement, isFirst && scheme !== 'never' ? '' : ' '))
}

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
