/** How the numbers of a weight lie in words of 32 bits, and the WGSL that takes them out. */
import { type WeightEncoding, weightBlockSize } from '@retnet/core'

export const numbersPerWord: Readonly<Record<WeightEncoding, number>> = { f32: 1, f16: 2, q8: 4, q4: 8 }

/** Words from one row to the next; a fraction where rows begin within a word. */
export function rowWords(encoding: WeightEncoding, columns: number): number {
  const padded = encoding === 'q4' ? Math.ceil(columns / weightBlockSize) * weightBlockSize : columns
  return padded / numbersPerWord[encoding]
}

/**
 * A conversion from integers costs a GPU several operations. A float of a large power of two has the integers in its low bits: these
 * are put there by one `and` and one `or`, and what is too much is subtracted, which is exact. Bits from 20 on are shifted down first.
 */
export const unpackFunctions: Readonly<Record<WeightEncoding, string>> = {
  f32: '',
  f16: '',
  q8: `fn signedBytes(word: u32) -> vec4f {
  let low = word ^ 0x80808080u;
  let high = low >> 16u;
  let bits = vec4u(low & 0xffu, low & 0xff00u, high & 0xffu, high & 0xff00u) | vec4u(0x4b000000u, 0x47000000u, 0x4b000000u, 0x47000000u);
  return bitcast<vec4f>(bits) - vec4f(8388736.0, 32896.0, 8388736.0, 32896.0);
}`,
  q4: `fn firstNibbles(word: u32) -> vec4f {
  let bits = (vec4u(word) & vec4u(0xfu, 0xf0u, 0xf00u, 0xf000u)) | vec4u(0x4b000000u, 0x49000000u, 0x47000000u, 0x45000000u);
  return bitcast<vec4f>(bits) - vec4f(8388616.0, 524296.0, 32776.0, 2056.0);
}
fn lastNibbles(word: u32) -> vec4f {
  let high = word >> 12u;
  let bits = vec4u(word & 0xf0000u, high & 0xf00u, high & 0xf000u, high & 0xf0000u) | vec4u(0x43000000u, 0x47000000u, 0x45000000u, 0x43000000u);
  return bitcast<vec4f>(bits) - vec4f(136.0, 32776.0, 2056.0, 136.0);
}`,
}

/** Four numbers, the `four`th of a load of `words` words, as vec4f and without scale. */
export function unpackFour(encoding: WeightEncoding, load: string, words: number, four: number): string {
  const word = (index: number) => (words === 1 ? load : `${load}[${index}]`)
  if (encoding === 'f32') return load
  if (encoding === 'f16') return `vec4f(unpack2x16float(${word(2 * four)}), unpack2x16float(${word(2 * four + 1)}))`
  if (encoding === 'q8') return `signedBytes(${word(four)})`
  return `${four % 2 === 0 ? 'first' : 'last'}Nibbles(${word(four >> 1)})`
}
