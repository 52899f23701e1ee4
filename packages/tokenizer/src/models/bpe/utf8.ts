/** UTF-8 of part of a string, without a substring in between. */

/** Bytes of a code point in UTF-8. */
export const widthInUtf8 = (point: number): number =>
  1 + Number(point > 0x7f) + Number(point > 0x7ff) + Number(point > 0xffff)

/**
 * Writes the bytes of `text[start .. end]` to `bytes` from index 0; returns how many, at most 3 a code unit. The text must be well
 * formed.
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
    const more = widthInUtf8(point) - 1
    // As many ones as there are bytes, then a zero.
    bytes[length++] = ((0x7f80 >> more) & 0xff) | (point >> (6 * more))
    for (let shift = 6 * more - 6; shift >= 0; shift -= 6) bytes[length++] = 0x80 | ((point >> shift) & 63)
  }
  return length
}
