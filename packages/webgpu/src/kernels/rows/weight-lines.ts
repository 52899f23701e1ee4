/** How the tile sums read a weight: 16 bytes at a time, turned into lines of eight halves. */
import { isQuantized, type WeightEncoding, weightBlockSize } from '@retnet/core'
import { numbersPerWord, rowWords, unpackFour, unpackFunctions } from '../../compile/packed.js'

export interface WeightLines {
  /** Numbers in one load: 8 for each line. */
  readonly numbers: number
  /** Loads in one row. */
  readonly count: number
  /** Scales in one row; 0 for encodings without. */
  readonly scales: number
  readonly declarations: string
  /** Line `index` of the load, as vec4<u32>; `scale` is an f32. */
  line(load: string, index: number, scale: string): string
}

/** Null when rows do not divide into whole loads, or the inner side into lines. */
export function weightLines(encoding: WeightEncoding, columns: number): WeightLines | null {
  const words = rowWords(encoding, columns)
  if (encoding === 'f32' || words % 4 !== 0 || columns % 8 !== 0) return null
  const scaled = isQuantized(encoding)
  return {
    numbers: 4 * numbersPerWord[encoding],
    count: words / 4,
    scales: scaled ? Math.ceil(columns / weightBlockSize) : 0,
    declarations: scaled ? `${unpackFunctions[encoding]}\n${lineFunction}` : '',
    line(load, index, scale) {
      if (!scaled) return load
      const [first, second] = [0, 1].map((four) => unpackFour(encoding, load, 4, 2 * index + four))
      return `lineOf(${first} * ${scale}, ${second} * ${scale})`
    },
  }
}

const lineFunction = `fn lineOf(a: vec4f, b: vec4f) -> vec4<u32> {
  return vec4<u32>(pack2x16float(a.xy), pack2x16float(a.zw), pack2x16float(b.xy), pack2x16float(b.zw));
}`
