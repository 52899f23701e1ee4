/** The alphabet of byte-level BPE: the UTF-8 bytes of the piece. */
import { characterOfByte } from './byte-alphabet.js'
import type { Alphabet, UnknownRule } from './alphabet.js'
import { widthInUtf8, writeUtf8 } from './utf8.js'

export function byteSymbols(
  vocabulary: ReadonlyMap<string, number>,
  { unknownId, fuseUnknown }: UnknownRule,
): Alphabet {
  const idOfByte = Int32Array.from(characterOfByte, (character) => vocabulary.get(character) ?? -1)
  return {
    room: (units) => units * 3,
    write(text, start, end, symbols, spans) {
      const count = writeUtf8(text, start, end, symbols)
      if (spans) writeSpans(text, start, end, spans)
      let length = 0
      let afterUnknown = false
      for (let i = 0; i < count; i++) {
        const id = idOfByte[symbols[i]]
        const unknown = id < 0
        if (unknown && (unknownId === undefined || (fuseUnknown && afterUnknown))) {
          if (spans && afterUnknown && length > 0 && unknownId !== undefined) spans[length * 2 - 1] = spans[i * 2 + 1]
        } else {
          spans?.copyWithin(length * 2, i * 2, i * 2 + 2)
          symbols[length++] = unknown ? unknownId! : id
        }
        afterUnknown = unknown
      }
      return length
    },
    spell(text, start, end) {
      const bytes = new Int32Array((end - start) * 3)
      return Array.from(bytes.subarray(0, writeUtf8(text, start, end, bytes)), (byte) => characterOfByte[byte]).join('')
    },
  }
}

/** Every byte stands where its character stands. */
function writeSpans(text: string, start: number, end: number, spans: Int32Array): void {
  let at = 0
  for (let from = start; from < end;) {
    const point = text.codePointAt(from)!
    const to = from + (point > 0xffff ? 2 : 1)
    for (let bytes = widthInUtf8(point); bytes > 0; bytes--) {
      spans[at++] = from
      spans[at++] = to
    }
    from = to
  }
}
