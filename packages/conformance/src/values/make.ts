/** Makers of the numbers that flow into a case. */
import { type TensorData, type TensorType, sizeOf } from '@retnet/core'
import { random } from './random.js'

/** Numbers for one tensor; the same type and seed always give the same numbers. */
export type MakeValues = (type: TensorType, seed: string) => TensorData

export const uniform =
  (low: number, high: number): MakeValues =>
  (type, seed) => {
    const next = random(seed)
    return Float32Array.from({ length: sizeOf(type.shape) }, () => low + (high - low) * next())
  }

/** Whole numbers from 0 to `limit` - 1; the first two are the edges, and some repeat in any longer tensor. */
export const ids =
  (limit: number): MakeValues =>
  (type, seed) => {
    const next = random(seed)
    return Int32Array.from({ length: sizeOf(type.shape) }, (_, at) =>
      at < 2 ? at * (limit - 1) : Math.floor(next() * limit),
    )
  }

/** Like `ids`, and every third one is -1: not counted. */
export const targets =
  (limit: number): MakeValues =>
  (type, seed) =>
    Int32Array.from(ids(limit)(type, seed), (id, at) => (at % 3 === 2 ? -1 : id))

/** These numbers, repeated as often as needed. */
export const listed =
  (...numbers: readonly number[]): MakeValues =>
  (type) => {
    const all = Array.from({ length: sizeOf(type.shape) }, (_, at) => numbers[at % numbers.length])
    return type.dtype === 'i32' ? Int32Array.from(all) : Float32Array.from(all)
  }

/** Whole numbers from `start`, ascending along the last axis. */
export const counting =
  (start: number): MakeValues =>
  ({ shape }) => {
    const columns = shape[shape.length - 1]
    return Int32Array.from({ length: sizeOf(shape) }, (_, at) => start + (at % columns))
  }

/**
 * Masks [B, T]. `left` and `right`: padding on that side, longer in each further row. `holes`: every third token from the second.
 * `dead`: the last row has no token at all. `ragged`: rows of length T, T - 1, ... down to 1.
 */
export type MaskKind = 'full' | 'left' | 'right' | 'holes' | 'dead' | 'ragged'

export const mask =
  (kind: MaskKind): MakeValues =>
  ({ shape: [rows, length] }) =>
    Int32Array.from({ length: rows * length }, (_, at) =>
      live[kind](Math.floor(at / length), at % length, rows, length) ? 1 : 0,
    )

const live: Readonly<Record<MaskKind, (row: number, t: number, rows: number, length: number) => boolean>> = {
  full: () => true,
  left: (row, t, rows, length) => t >= Math.floor((row * length) / rows),
  right: (row, t, rows, length) => t < length - Math.floor((row * length) / rows),
  holes: (row, t) => (t + row) % 3 !== 1,
  dead: (row, _t, rows) => row < rows - 1,
  ragged: (row, t, _rows, length) => t < Math.max(length - row, 1),
}
