/**
 * Philox4x32-10, the counter-based random numbers of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).
 * There is no state to carry along: equal key and counter give equal numbers on any device, in any order.
 */

const multiplierA = 0xd2511f53
const multiplierB = 0xcd9e8d57
const weylA = 0x9e3779b9
const weylB = 0xbb67ae85

/** Writes the four unsigned 32-bit numbers for counter (c0, c1, c2, c3) and key (k0, k1) to `out`. */
export function philox(out: Uint32Array, c0: number, c1: number, c2: number, c3: number, k0: number, k1: number): void {
  for (let round = 0; round < 10; round++) {
    const highA = multiplyHigh(multiplierA, c0)
    const highB = multiplyHigh(multiplierB, c2)
    const lowA = Math.imul(multiplierA, c0)
    const lowB = Math.imul(multiplierB, c2)
    c0 = highB ^ c1 ^ k0
    c1 = lowB
    c2 = highA ^ c3 ^ k1
    c3 = lowA
    k0 = (k0 + weylA) | 0
    k1 = (k1 + weylB) | 0
  }
  out[0] = c0
  out[1] = c1
  out[2] = c2
  out[3] = c3
}

// upper 32 bits of the 64-bit product, from products of halves; no sum exceeds 32 unsigned bits, so `| 0` loses nothing
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const first = (Math.imul(aHigh, bLow) + (Math.imul(aLow, bLow) >>> 16)) | 0
  const second = (Math.imul(aLow, bHigh) + (first & 0xffff)) | 0
  return (Math.imul(aHigh, bHigh) + (first >>> 16) + (second >>> 16)) | 0
}
