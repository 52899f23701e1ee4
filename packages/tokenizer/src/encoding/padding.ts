/** Fills encodings up to one length. */
import { emptyEncoding } from './assemble.js'
import type { Encoding } from './encoding.js'
import { aCount, below, countOr, oneOf, positive, readFileSettings, readSettingsOf, type Checks } from './settings.js'

export interface PaddingOptions {
  /** Tokens to fill up to, or as many as the longest of the batch has. Default `longest`. */
  readonly length?: number | 'longest'
  /** Rounds the length up. Default 1. */
  readonly multipleOf?: number
  /** The side that is filled. Default `right`. */
  readonly direction?: 'left' | 'right'
  /** Id of the padding. Default: the id of the file's padding, else of `<pad>` or `[PAD]`, else an error. */
  readonly padId?: number
  /** Segment id of the padding. Default 0. */
  readonly padTypeId?: number
}

export type Padding = Required<PaddingOptions>

// No token is usual, so that one must be given or found.
const USUAL = { length: 'longest', multipleOf: 1, direction: 'right', padId: -1, padTypeId: 0 } as const

const checksFor = (size: number): Checks<Padding> => ({
  length: countOr('longest'),
  multipleOf: positive,
  direction: oneOf('left', 'right'),
  padId: below(size),
  padTypeId: aCount,
})

/** `padId` is the usual one, undefined if the vocabulary of `size` tokens names none. */
export function readPadding(call: string, options: PaddingOptions, padId: number | undefined, size: number): Padding {
  return readSettingsOf<Padding>(`${call}: padding`, options, { ...USUAL, padId: padId ?? -1 }, checksFor(size))
}

export function readFilePadding(value: unknown, size: number): Padding | undefined {
  const keys = {
    length: 'strategy',
    multipleOf: 'pad_to_multiple_of',
    direction: 'direction',
    padId: 'pad_id',
    padTypeId: 'pad_type_id',
  }
  return readFileSettings<Padding>(value, 'padding', keys, { ...USUAL, padId: 0 }, checksFor(size), ['pad_token'])
}

export function padAll(encodings: readonly Encoding[], padding: Padding): Encoding[] {
  const longest = encodings.reduce((most, { ids }) => Math.max(most, ids.length), 0)
  const length = padding.length === 'longest' ? longest : padding.length
  const rounded = Math.ceil(length / padding.multipleOf) * padding.multipleOf
  return encodings.map((encoding) => pad(encoding, rounded, padding))
}

function pad(encoding: Encoding, length: number, padding: Padding): Encoding {
  const overflow = encoding.overflow.map((piece) => pad(piece, length, padding))
  const count = encoding.ids.length
  if (count >= length) return { ...encoding, overflow }
  const at = padding.direction === 'left' ? length - count : 0
  const padded = emptyEncoding(length, overflow)
  padded.ids.fill(padding.padId).set(encoding.ids, at)
  padded.typeIds.fill(padding.padTypeId).set(encoding.typeIds, at)
  padded.specialTokensMask.fill(1).set(encoding.specialTokensMask, at)
  padded.attentionMask.set(encoding.attentionMask, at)
  padded.offsets.set(encoding.offsets, at * 2)
  padded.wordIds.set(encoding.wordIds, at)
  padded.sequenceIds.set(encoding.sequenceIds, at)
  return padded
}
