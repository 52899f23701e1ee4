/** How a lane reads a weight: 16 bytes at a time where the width allows, unpacked four numbers at a time. */
import { weightBlockSize } from '@retnet/core'
import type { GpuEncoding } from '../../memory/gpu-weight.js'

export interface WeightChunks {
  /** Numbers in one load. */
  readonly numbers: number
  /** Loads in one row. */
  readonly count: number
  /** WGSL type of one load. */
  readonly element: string
  /** Bytes of one load, for the size of registers. */
  readonly words: number
  /** Scales in one row; 0 for encodings without. */
  readonly scales: number
  /** Loads that share one scale. */
  readonly perScale: number
  /** Four numbers of a load, as vec4f, without its scale. */
  unpack(load: string, four: number): string
}

/** Null when a row does not divide into whole words of four numbers. */
export function weightChunks(encoding: GpuEncoding, columns: number): WeightChunks | null {
  const largest = { f32: 4, f16: 8, q8: 16 }[encoding]
  const numbers = [largest, largest / 2, 4].find((size) => size >= 4 && columns % size === 0)
  if (numbers === undefined) return null
  const words = numbers / { f32: 1, f16: 2, q8: 4 }[encoding]
  const kind = encoding === 'f32' ? 'f32' : 'u32'
  return {
    numbers,
    count: columns / numbers,
    words,
    element: words === 1 ? kind : `vec${words}<${kind}>`,
    scales: encoding === 'q8' ? Math.ceil(columns / weightBlockSize) : 0,
    perScale: weightBlockSize / numbers,
    unpack: (load, four) => unpackers[encoding](load, four, words),
  }
}

const unpackers: Readonly<Record<GpuEncoding, (load: string, four: number, words: number) => string>> = {
  f32: (load) => load,
  f16: (load, four) => `vec4f(unpack2x16float(${load}[${2 * four}]), unpack2x16float(${load}[${2 * four + 1}]))`,
  q8: (load, four, words) => `vec4f(unpack4xI8(${words === 1 ? load : `${load}[${four}]`}))`,
}
