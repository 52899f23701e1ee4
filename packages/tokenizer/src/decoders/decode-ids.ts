/** Decodes a whole list of ids at once. Invalid UTF-8 becomes U+FFFD, and a byte order mark stays. */
import { checkId } from '../check-id.js'
import type { TokenBytes } from './token-bytes.js'

/** Throws for the first id that is not a token. */
export function decodeIds(
  { bytes, offsets, special }: TokenBytes,
  ids: ArrayLike<number>,
  skipSpecial: boolean,
): string {
  const shown = (id: number): boolean => !(skipSpecial && special[id])
  let length = 0
  for (let i = 0; i < ids.length; i++) {
    checkId(ids[i], i, special.length)
    if (shown(ids[i])) length += offsets[ids[i] + 1] - offsets[ids[i]]
  }
  const out = new Uint8Array(length)
  length = 0
  for (let i = 0; i < ids.length; i++) {
    if (shown(ids[i])) for (let at = offsets[ids[i]]; at < offsets[ids[i] + 1]; at++) out[length++] = bytes[at]
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(out)
}
