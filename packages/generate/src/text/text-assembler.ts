/** From ids to the text of a generation: decodes, and ends the text at a stop string. */
import type { TextCodec } from '../language-model.js'
import { createStopMatcher, type StopMatch } from './stop-matcher.js'

export interface TextAssembler {
  /** The text that one more id makes certain. */
  push(id: number): StopMatch
  /** All text that is left, when no id follows. A character that never ended becomes U+FFFD. */
  flush(): StopMatch
}

export function createTextAssembler(codec: TextCodec, stops: readonly string[]): TextAssembler {
  const decoder = codec.createDecodeStream()
  const matcher = createStopMatcher(stops)
  return {
    push: (id) => matcher.push(decoder.push(id)),
    flush() {
      const last = matcher.push(decoder.flush())
      return last.stopped ? last : { text: last.text + matcher.flush(), stopped: false }
    },
  }
}
