/** Decoders that put words together again: `WordPiece`, `Metaspace`, `BPEDecoder`, `CTC`. */
import { asBoolean, asText, field, refuseUnknownKeys } from '../reading/fields.js'
import type { Step } from '../reading/steps.js'
import { readMetaspaceOptions } from '../pre-tokenizers/metaspace.js'
import { eachToken, whenWhole, type Decoder, type DecoderStage } from './decoder.js'

const CLEANUPS = [' .', ' ?', ' !', ' ,', " ' ", " n't", " 'm", ' do not', " 's", " 've", " 're"]

/** Takes away the spaces that tokenization has put before marks, as the reference does in every token by itself. */
function cleanUp(text: string): string {
  for (const found of CLEANUPS)
    text = text.replaceAll(found, found === " ' " ? "'" : found === ' do not' ? " don't" : found.slice(1))
  return text
}

export function readWordPieceDecoder({ fields, path }: Step): Decoder {
  refuseUnknownKeys(fields, path, ['type', 'prefix', 'cleanup'])
  const prefix = asText(field(fields, 'prefix'), `${path}.prefix`)
  const cleanup = asBoolean(field(fields, 'cleanup'), `${path}.cleanup`)
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
export function readBpeDecoder({ fields, path }: Step): Decoder {
  refuseUnknownKeys(fields, path, ['type', 'suffix'])
  const suffix = asText(field(fields, 'suffix'), `${path}.suffix`)
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
export function readCtc({ fields, path }: Step): Decoder {
  refuseUnknownKeys(fields, path, ['type', 'pad_token', 'word_delimiter_token', 'cleanup'])
  const pad = asText(field(fields, 'pad_token'), `${path}.pad_token`)
  const delimiter = asText(field(fields, 'word_delimiter_token'), `${path}.word_delimiter_token`)
  const cleanup = asBoolean(field(fields, 'cleanup'), `${path}.cleanup`)
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
