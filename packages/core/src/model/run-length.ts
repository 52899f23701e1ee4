/** Lengths of the programs that take in text; a remainder is padded to the next one and masked. */
const lengths = [1, 16, 128]
/** Between these and a longer preferred length, so that a prompt just short of it is not taken in by small pieces. */
const middle = 512

/** All lengths that `runLength` gives. */
export function runLengths(preferredTokens: number): number[] {
  return [...new Set([...lengths, ...middleOf(preferredTokens), preferredTokens])]
}

/** The longest program that the tokens fill, or for a short rest the shortest one that holds it. */
export function runLength(left: number, preferredTokens: number): number {
  const longest = [preferredTokens, ...middleOf(preferredTokens), lengths[lengths.length - 1]]
  const full = longest.find((size) => size <= left)
  return full ?? lengths.find((size) => size >= left) ?? preferredTokens
}

function middleOf(preferredTokens: number): number[] {
  return preferredTokens > middle ? [middle] : []
}
