/** Lengths of the programs that take in text; a remainder is padded to the next one and masked. */
const lengths = [1, 16, 128]

/** All lengths that `runLength` gives. */
export function runLengths(preferredTokens: number): number[] {
  return [...new Set([...lengths, preferredTokens])]
}

/** The longest program that the tokens fill, or for a short rest the shortest one that holds it. */
export function runLength(left: number, preferredTokens: number): number {
  const full = [preferredTokens, lengths[lengths.length - 1]].find((size) => size <= left)
  return full ?? lengths.find((size) => size >= left) ?? preferredTokens
}
