/** The bytes of every token, as they stand in what the server sends. */
import type { TextCodec } from '@retnet/generate'
import { type Vocabulary, createVocabulary } from './vocabulary.js'

/** A codec that may know the bytes of its tokens. */
export interface TokenCodec extends TextCodec {
  /**
   * The bytes that a token adds within a text, empty for a special one. Without it they are found by decoding, and tokens with parts of
   * characters are left out of texts that have a grammar.
   */
  tokenBytes?(id: number): Uint8Array
}

const encoder = new TextEncoder()

export function vocabularyOf(codec: TokenCodec, size: number): Vocabulary {
  return createVocabulary(size, (id) => {
    try {
      return codec.tokenBytes?.(id) ?? decoded(codec, id)
    } catch {
      // a model may have more rows in its table than there are tokens
      return null
    }
  })
}

/** The text that a token adds behind another: at the beginning some tokens lose their space. Null where it is no whole text. */
function decoded(codec: TokenCodec, id: number): Uint8Array | null {
  const stream = codec.createDecodeStream()
  const first = stream.push(id)
  const text = stream.push(id) + stream.flush()
  return first === '' || text.includes('\uFFFD') ? null : encoder.encode(text)
}
