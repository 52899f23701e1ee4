/** How a lane reads a weight: a few words at a time, unpacked four numbers at a time. */
import { isQuantized, type WeightEncoding, weightBlockSize } from '@retnet/core'
import { numbersPerWord, rowWords, unpackFour, unpackFunctions } from '../../compile/packed.js'

export interface WeightChunks {
  /** Numbers in one load. */
  readonly numbers: number
  /** Loads that cover one row, and loads from the beginning of a row to that of the next. */
  readonly count: number
  readonly stride: number
  /** WGSL type of one load. */
  readonly element: string
  /** Scales in one row; 0 for encodings without. */
  readonly scales: number
  /** Loads that share one scale. */
  readonly perScale: number
  /** Functions that `unpack` calls. */
  readonly declarations: string
  /** Four numbers of a load, as vec4f, without its scale. */
  unpack(load: string, four: number): string
}

/** Loads of at most `most` words; null when a row does not divide into whole loads of four numbers. */
export function weightChunks(encoding: WeightEncoding, columns: number, most: number): WeightChunks | null {
  const each = numbersPerWord[encoding]
  const stride = rowWords(encoding, columns)
  const fits = (words: number) => words * each >= 4 && columns % (words * each) === 0 && stride % words === 0
  const words = [4, 2, 1].find((size) => size <= Math.max(most, 4 / each) && fits(size))
  if (words === undefined) return null
  const kind = encoding === 'f32' ? 'f32' : 'u32'
  const numbers = words * each
  return {
    numbers,
    count: columns / numbers,
    stride: stride / words,
    element: words === 1 ? kind : `vec${words}<${kind}>`,
    scales: isQuantized(encoding) ? Math.ceil(columns / weightBlockSize) : 0,
    perScale: weightBlockSize / numbers,
    declarations: unpackFunctions[encoding],
    unpack: (load, four) => unpackFour(encoding, load, words, four),
  }
}
