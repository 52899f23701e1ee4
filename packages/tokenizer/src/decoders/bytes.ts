/** Decoders for tokens that are bytes: `ByteFallback` reads `<0x0A>`, `ByteLevel` the byte alphabet. */
import { writeTokenBytes } from '../models/bpe/byte-alphabet.js'
import { readByte } from './read-byte.js'
import { whenWhole, type Decoder, type DecoderStage, type EmitText } from './decoder.js'

/** Bytes in a row are one text; if they are no UTF-8, each becomes U+FFFD. The row must end before that is known. */
export const byteFallback: Decoder = (fused) => {
  let bytes: number[] = []
  const flush = (emit: EmitText): void => {
    if (bytes.length > 0) emit(readBytes(bytes))
    bytes = []
  }
  const stage: DecoderStage = {
    push(token, emit) {
      const byte = readByte(token)
      if (byte) {
        bytes.push(byte[0])
        return
      }
      flush(emit)
      emit(token)
    },
    end: flush,
  }
  return fused ? whenWhole(stage) : stage
}

function readBytes(bytes: readonly number[]): string {
  try {
    return new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }).decode(Uint8Array.from(bytes))
  } catch {
    return '\ufffd'.repeat(bytes.length)
  }
}

export const byteLevel: Decoder = (fused) => {
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  const stage: DecoderStage = {
    push(token, emit) {
      const bytes = new Uint8Array(token.length * 3)
      emit(utf8.decode(bytes.subarray(0, writeTokenBytes(token, bytes, 0)), { stream: true }))
    },
    end: (emit) => emit(utf8.decode()),
  }
  return fused ? whenWhole(stage) : stage
}
