/** From code points to the bytes of UTF-8 that stand for them. */

type ByteRange = readonly [low: number, high: number]

/** Where the number of bytes changes, and what no text has: halves of surrogate pairs. */
const pieces: readonly ByteRange[] = [
  [0, 0x7f],
  [0x80, 0x7ff],
  [0x800, 0xd7ff],
  [0xe000, 0xffff],
  [0x10000, 0x10ffff],
]

/** Sequences of ranges of bytes that together are the code points from `low` to `high`. */
export function utf8Sequences(low: number, high: number): ByteRange[][] {
  return pieces
    .map(([first, last]) => [Math.max(low, first), Math.min(high, last)])
    .filter(([first, last]) => first <= last)
    .flatMap(([first, last]) => split(encode(first), encode(last)))
}

function encode(codePoint: number): number[] {
  return [...new TextEncoder().encode(String.fromCodePoint(codePoint))]
}

/** All sequences between two of the same length. */
function split([low, ...lows]: readonly number[], [high, ...highs]: readonly number[]): ByteRange[][] {
  if (lows.length === 0) return [[[low, high]]]
  const behind = (first: ByteRange, rest: ByteRange[][]) => rest.map((each) => [first, ...each])
  if (low === high) return behind([low, low], split(lows, highs))
  const least = lows.map(() => 0x80)
  const most = lows.map(() => 0xbf)
  const first = lows.some((byte) => byte !== 0x80) ? low + 1 : low
  const last = highs.some((byte) => byte !== 0xbf) ? high - 1 : high
  return [
    ...(first > low ? behind([low, low], split(lows, most)) : []),
    ...(first <= last ? behind([first, last], split(least, most)) : []),
    ...(last < high ? behind([high, high], split(least, highs)) : []),
  ]
}
