/** Decodes a whole list of ids at once. Invalid UTF-8 becomes U+FFFD, and a byte order mark stays. */
import { checkId } from '../check-id.js'
import type { TokenBytes } from './token-bytes.js'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

export function decodeIds(table: TokenBytes, ids: ArrayLike<number>, skipSpecial: boolean): string {
  const { bytes, offsets, special } = table
  const out = new Uint8Array(measure(table, ids, skipSpecial))
  let length = 0
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]
    if (skipSpecial && special[id]) continue
    for (let at = offsets[id]; at < offsets[id + 1]; at++) out[length++] = bytes[at]
  }
  return utf8.decode(out)
}

/** Bytes of the decoded text; throws for the first id that is not a token, before any work. */
function measure({ offsets, special }: TokenBytes, ids: ArrayLike<number>, skipSpecial: boolean): number {
  let length = 0
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]
    checkId(id, i, special.length)
    if (!(skipSpecial && special[id])) length += offsets[id + 1] - offsets[id]
  }
  return length
}
