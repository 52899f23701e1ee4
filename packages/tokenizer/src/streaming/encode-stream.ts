/** Encodes text that comes in parts. The ids are those of the whole text; what is held back is the end of the last part. */

export interface EncodeStream {
  /** Ids that are sure now. Throws `TokenizerArgumentError` and changes nothing for what is no string. */
  push(text: string): Uint32Array
  /** The ids of what is left. The stream is then fresh. */
  flush(): Uint32Array
}

export type EncodePart = (text: string, isFirst: boolean, isLast: boolean) => Uint32Array

// Looking for a place to cut costs the length of what is held, so it is done once that has doubled.
const LEAST_UNITS = 1 << 10

export function createEncodeStream(encode: EncodePart, canCut: boolean): EncodeStream {
  let parts: string[] = []
  let held = 0
  let wanted = LEAST_UNITS
  let isFirst = true
  const keep = (text: string): void => {
    parts = text === '' ? [] : [text]
    held = text.length
  }
  return {
    push(text) {
      parts.push(text)
      held += text.length
      if (!canCut || held < wanted) return new Uint32Array(0)
      const whole = parts.join('')
      const cut = lastCut(whole)
      keep(whole.slice(Math.max(0, cut)))
      wanted = cut > 0 ? LEAST_UNITS : held * 2
      if (cut <= 0) return new Uint32Array(0)
      const ids = encode(whole.slice(0, cut), isFirst, false)
      isFirst = false
      return ids
    },
    flush() {
      const ids = encode(parts.join(''), isFirst, true)
      keep('')
      isFirst = true
      wanted = LEAST_UNITS
      return ids
    },
  }
}

/** The last place between a letter and a space, -1 for none. */
function lastCut(text: string): number {
  for (let at = text.lastIndexOf(' '); at > 0; at = text.lastIndexOf(' ', at - 1)) {
    const letter = text.charCodeAt(at - 1) | 0x20
    if (letter >= 0x61 && letter <= 0x7a) return at
  }
  return -1
}
