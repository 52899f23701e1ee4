/** Cuts tokens off so that a fixed number is not passed, as the reference does. */
import { TokenizerArgumentError } from '../errors.js'
import type { Sequence } from './encode-sequence.js'
import { aCount, oneOf, readFileSettings, readSettingsOf, type Checks } from './settings.js'

export interface TruncationOptions {
  /** Most tokens, special ones included. */
  readonly maxLength: number
  /** How many tokens of one piece come again in the next of `overflow`. Default 0. */
  readonly stride?: number
  /** Which text of a pair gets shorter. Default `longestFirst`. */
  readonly strategy?: 'longestFirst' | 'onlyFirst' | 'onlySecond'
  /** The side that is cut off. Default `right`. */
  readonly direction?: 'left' | 'right'
}

export type Truncation = Required<TruncationOptions>

// No length is usual, so that one must be given.
const USUAL = { maxLength: -1, stride: 0, strategy: 'longestFirst', direction: 'right' } as const
const CHECKS: Checks<Truncation> = {
  maxLength: aCount,
  stride: aCount,
  strategy: oneOf('longestFirst', 'onlyFirst', 'onlySecond'),
  direction: oneOf('left', 'right'),
}

export function readTruncation(call: string, options: TruncationOptions): Truncation {
  return readSettingsOf<Truncation>(`${call}: truncation`, options, USUAL, CHECKS)
}

export function readFileTruncation(value: unknown): Truncation | undefined {
  const keys = { maxLength: 'max_length', stride: 'stride', strategy: 'strategy', direction: 'direction' }
  return readFileSettings<Truncation>(value, 'truncation', keys, USUAL, CHECKS, [])
}

/** How many tokens each text keeps when `most` are allowed for all. */
export function lengthsWithin(
  sequences: readonly Sequence[],
  most: number,
  strategy: Truncation['strategy'],
): number[] {
  const lengths = sequences.map(({ ids }) => ids.length)
  const excess = lengths.reduce((sum, length) => sum + length, 0) - most
  if (excess <= 0) return lengths
  if (strategy !== 'longestFirst') return shortenOne(lengths, strategy === 'onlyFirst' ? 0 : 1, excess)
  if (lengths.length === 1) return [most]
  const shorter = Math.min(...lengths)
  const longer = shorter > most ? shorter : Math.max(shorter, most - shorter)
  const half = most >> 1
  const [small, large] = shorter + longer > most ? [half, half + (most % 2)] : [shorter, longer]
  return lengths[0] > lengths[1] ? [large, small] : [small, large]
}

function shortenOne(lengths: number[], index: number, excess: number): number[] {
  if (!(lengths[index] > excess)) {
    throw new TokenizerArgumentError(
      'truncation.strategy',
      `a text of more than ${excess} tokens to shorten`,
      `${lengths[index] ?? 'none'}`,
    )
  }
  return lengths.map((length, i) => (i === index ? length - excess : length))
}

/** The tokens in pieces of `length`, the one that stays first. */
export function cutSequence(sequence: Sequence, length: number, { stride, direction }: Truncation): Sequence[] {
  const total = sequence.ids.length
  if (length >= total) return [sequence]
  if (length === 0) return [part(sequence, 0, 0), sequence]
  if (stride >= length) {
    throw new TokenizerArgumentError('truncation.stride', `less than the ${length} tokens a text keeps`, `${stride}`)
  }
  const pieces: Sequence[] = []
  const step = length - stride
  for (let at = 0; ; at += step) {
    const end = Math.min(at + length, total)
    pieces.push(direction === 'right' ? part(sequence, at, end) : part(sequence, total - end, total - at))
    if (end === total) return pieces
  }
}

function part({ ids, offsets, wordIds }: Sequence, start: number, end: number): Sequence {
  return {
    ids: ids.subarray(start, end),
    offsets: offsets.subarray(start * 2, end * 2),
    wordIds: wordIds.subarray(start, end),
  }
}
