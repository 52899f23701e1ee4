/** From drawn ids to text that is certain: whole characters, cut at a stop string or a stop id. */
import { type StopMatch, type TextCodec, createStopMatcher } from '@retnet/generate'

export interface TextOutput {
  /** The text that one more id makes certain; nothing is held back after the `last` one. */
  push(id: number, last: boolean): StopMatch
}

export function createTextOutput(codec: TextCodec, stops: readonly string[], stopIds: ReadonlySet<number>): TextOutput {
  const decoder = codec.createDecodeStream()
  const matcher = createStopMatcher(stops)
  const rest = (): StopMatch => {
    const tail = matcher.push(decoder.flush())
    return tail.stopped ? tail : { text: tail.text + matcher.flush(), stopped: false }
  }
  return {
    push(id, last) {
      if (stopIds.has(id)) return { text: rest().text, stopped: true }
      const found = matcher.push(decoder.push(id))
      if (found.stopped || !last) return found
      const tail = rest()
      return { text: found.text + tail.text, stopped: tail.stopped }
    },
  }
}
