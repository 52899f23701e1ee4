/** UTF-8 of part of a string, without a substring in between. */

/** Bytes of `text[start .. end]` in UTF-8. The text must be well formed. */
export function utf8Length(text: string, start: number, end: number): number {
  let length = end - start
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i)
    // Half of a surrogate pair is half of 4 bytes.
    if (unit >= 0x80) length += unit < 0x800 || (unit >= 0xd800 && unit < 0xe000) ? 1 : 2
  }
  return length
}

/**
 * Writes the bytes of `text[start .. end]` to `bytes` from index 0; returns how many. The text must be well formed and `bytes`
 * must hold `utf8Length` of it.
 */
export function writeUtf8(text: string, start: number, end: number, bytes: Int32Array): number {
  let length = 0
  for (let i = start; i < end; i++) {
    let point = text.charCodeAt(i)
    if (point < 0x80) {
      bytes[length++] = point
      continue
    }
    if (point >= 0xd800 && point < 0xdc00) point = 0x10000 + ((point - 0xd800) << 10) + text.charCodeAt(++i) - 0xdc00
    if (point < 0x800) {
      bytes[length++] = 0xc0 | (point >> 6)
    } else {
      if (point < 0x10000) {
        bytes[length++] = 0xe0 | (point >> 12)
      } else {
        bytes[length++] = 0xf0 | (point >> 18)
        bytes[length++] = 0x80 | ((point >> 12) & 63)
      }
      bytes[length++] = 0x80 | ((point >> 6) & 63)
    }
    bytes[length++] = 0x80 | (point & 63)
  }
  return length
}
