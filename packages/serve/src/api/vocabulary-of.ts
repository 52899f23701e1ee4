/** The bytes of every token, as they stand in what the server sends. */
import { type Vocabulary, createVocabulary } from '../grammar/vocabulary.js'
import type { ServedCodec } from './served-model.js'

const encoder = new TextEncoder()

export function vocabularyOf(codec: ServedCodec, size: number): Vocabulary {
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
function decoded(codec: ServedCodec, id: number): Uint8Array | null {
  const stream = codec.createDecodeStream()
  const first = stream.push(id)
  const text = stream.push(id) + stream.flush()
  return first === '' || text.includes('\uFFFD') ? null : encoder.encode(text)
}
