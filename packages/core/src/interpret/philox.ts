/** Philox4x32-10 (Salmon et al., SC 2011) in whole numbers of any size: the definition of the random numbers that `sample` uses. */

const word = 2n ** 32n

/** Four unsigned 32-bit numbers for a counter of four and a key of two. */
export function philox(counter: readonly number[], key: readonly number[]): number[] {
  let [c0, c1, c2, c3] = counter.map((part) => BigInt.asUintN(32, BigInt(part)))
  let [k0, k1] = key.map((part) => BigInt.asUintN(32, BigInt(part)))
  for (let round = 0; round < 10; round++) {
    const a = 0xd2511f53n * c0
    const b = 0xcd9e8d57n * c2
    ;[c0, c1, c2, c3] = [(b / word) ^ c1 ^ k0, b % word, (a / word) ^ c3 ^ k1, a % word]
    k0 = (k0 + 0x9e3779b9n) % word
    k1 = (k1 + 0xbb67ae85n) % word
  }
  return [c0, c1, c2, c3].map(Number)
}
