// Codecs of a few lines: bytes as ids, and a list of pieces as vocabulary.
import type { TextCodec } from '@retnet/generate'

/** Every UTF-8 byte is a token: vocabulary 256. */
export const bytes: TextCodec = {
  encode: (text) => new TextEncoder().encode(text),
  createDecodeStream: () => decodeStream((id) => Uint8Array.of(id)),
}

/** Token i is the text `pieces[i]`. It encodes nothing. */
export function pieces(...texts: readonly string[]): TextCodec {
  return {
    encode: () => [],
    createDecodeStream: () => decodeStream((id) => new TextEncoder().encode(texts[id])),
  }
}

function decodeStream(bytesOf: (id: number) => Uint8Array) {
  const utf8 = new TextDecoder()
  return { push: (id: number) => utf8.decode(bytesOf(id), { stream: true }), flush: () => utf8.decode() }
}
