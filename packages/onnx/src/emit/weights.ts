/**
 * Weights as initializers. Packed ones lie as `MatMulNBits` reads them: blocks of 32 along the last axis, 8 bits with 128 added or 4 bits
 * with 8 added, [rows, blocks, bytes of a block], and scales [rows, blocks]. The same bytes serve products and look-ups.
 */
import type { Shape } from '@retnet/core'
import type { Emitter } from './emitter.js'
import type { Name } from './graph-writer.js'
import { type HeldWeight, asMatrix, blockSize } from './held-weight.js'

export interface PackedWeight {
  readonly bits: 4 | 8
  readonly rows: number
  readonly columns: number
  readonly blocks: number
  readonly data: Name // u8 [rows, blocks, 32 or 16]
  readonly scales: Name // f32 [rows, blocks]
}

/** The name of a value as float32, whatever it is: an input, a result, or a weight in any encoding. */
export function operand(e: Emitter, value: number): Name {
  const found = e.weightOf(value)
  if (!found) return e.name(value)
  const packed = packedWeight(e, value)
  if (!packed) return widened(e, found.weight, plainWeight(e, value)!)
  const { rows, columns } = packed
  const matrix = unpack(e, packed, packed.data, packed.scales, [rows])
  return e.reshape(matrix, [rows, columns], e.shapeOf(value))
}

/** A weight in f32 or f16, as it is stored; null for what is none. */
export function plainWeight(e: Emitter, value: number): Name | null {
  const found = e.weightOf(value)
  const encoding = found?.weight.encoding
  if (!found || (encoding !== 'f32' && encoding !== 'f16')) return null
  return e.writer.weight(found.name, encoding, e.shapeOf(value), found.weight.bytes)
}

/** Float32 of what was taken from a plain weight. */
export function widened(e: Emitter, { encoding }: HeldWeight, name: Name): Name {
  return encoding === 'f16' ? e.node('Cast', [name], { to: 1 }) : name
}

/** A weight in q8 or q4; null for what is none. */
export function packedWeight(e: Emitter, value: number): PackedWeight | null {
  const found = e.weightOf(value)
  const encoding = found?.weight.encoding
  if (!found || (encoding !== 'q8' && encoding !== 'q4')) return null
  const { name, weight } = found
  const [rows, columns] = asMatrix(weight.type.shape)
  const blocks = Math.ceil(columns / blockSize)
  const bits = encoding === 'q8' ? 8 : 4
  const data = e.writer.weight(name, 'u8', [rows, blocks, (blockSize * bits) / 8], weight.bytes)
  const scales = e.writer.weight(`${name}.scales`, 'f32', [rows, blocks], weight.scales!)
  return { bits, rows, columns, blocks, data, scales }
}

/** Numbers [...lead, columns] of packed bytes [...lead, blocks, 32 or 16] and their scales [...lead, blocks]. */
export function unpack(e: Emitter, weight: PackedWeight, data: Name, scales: Name, lead: Shape): Name {
  const { blocks, columns } = weight
  const codes = weight.bits === 8 ? data : nibbles(e, data, lead, blocks)
  const centred = e.node('Sub', [e.node('Cast', [codes], { to: 1 }), e.writer.floats([2 ** (weight.bits - 1)])])
  const values = e.node('Mul', [centred, e.unsqueeze(scales, [-1])])
  const padded = blocks * blockSize
  const joined = e.reshape(values, [...lead, blocks, blockSize], [...lead, padded])
  if (padded === columns) return joined
  const { writer } = e
  return e.node('Slice', [joined, writer.integers([0]), writer.integers([columns]), writer.integers([-1])])
}

// the earlier of two numbers lies in the low half of the byte
function nibbles(e: Emitter, data: Name, lead: Shape, blocks: number): Name {
  const low = e.node('BitwiseAnd', [data, e.writer.bytes([15])])
  const high = e.node('BitShift', [data, e.writer.bytes([4])], { direction: 'RIGHT' })
  const pairs = e.node('Concat', [e.unsqueeze(low, [-1]), e.unsqueeze(high, [-1])], { axis: -1 })
  return e.reshape(pairs, [...lead, blocks, blockSize / 2, 2], [...lead, blocks, blockSize])
}
