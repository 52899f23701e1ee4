/** Fills encodings up to one length. */
import { TokenizerArgumentError } from '../errors.js'
import { describe } from '../reading/describe.js'
import { readOptions } from '../read-options.js'
import { emptyEncoding } from './assemble.js'
import type { Encoding } from './encoding.js'
import { isCount } from './truncation.js'

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

/** `padId` is the usual one, undefined if the vocabulary names none. */
export function readPadding(call: string, options: PaddingOptions, padId: number | undefined, size: number): Padding {
  const usual = {
    length: 'longest' as const,
    multipleOf: 1,
    direction: 'right' as const,
    padId: padId ?? -1,
    padTypeId: 0,
  }
  const padding = readOptions<Padding>(`${call}: padding`, options, usual)
  const refuse = (key: keyof Padding, expected: string): never => {
    throw new TokenizerArgumentError(`${call}: padding.${key}`, expected, describe(padding[key]))
  }
  if (padding.length !== 'longest' && !isCount(padding.length))
    refuse('length', 'a whole number of tokens or "longest"')
  if (!isCount(padding.multipleOf) || padding.multipleOf === 0) refuse('multipleOf', 'a whole number from 1')
  if (!['left', 'right'].includes(padding.direction)) refuse('direction', 'left or right')
  if (!isCount(padding.padId) || padding.padId >= size) refuse('padId', 'the id of a token')
  if (!isCount(padding.padTypeId)) refuse('padTypeId', 'a whole number')
  return padding
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
