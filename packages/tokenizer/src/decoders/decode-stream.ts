/** Decodes ids as they come: text is given out as soon as its last byte is known, never half a character. */
import { checkId } from '../check-id.js'
import type { TokenBytes } from './token-bytes.js'

export interface DecodeStream {
  /** Text that this id completes; often a word, sometimes nothing. Throws `TokenIdError` and changes nothing for a bad id. */
  push(id: number): string
  /** What is left, with U+FFFD for a character that never ended. The stream is then fresh. */
  flush(): string
}

export function createDecodeStream({ bytes, offsets, special }: TokenBytes, skipSpecial: boolean): DecodeStream {
  const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
  return {
    push(id) {
      checkId(id, -1, special.length)
      if (skipSpecial && special[id]) return ''
      return utf8.decode(bytes.subarray(offsets[id], offsets[id + 1]), { stream: true })
    },
    flush: () => utf8.decode(),
  }
}
