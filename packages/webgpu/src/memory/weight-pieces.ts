/** Cuts weights that no buffer of the device can hold into rows that one can. */
import { type TensorType, type WeightData, type WeightEncoding, sizeOf } from '@retnet/core'
import type { WeightPiece } from '../compile/lowering.js'
import { rowWords } from '../compile/packed.js'

/** Rows of all pieces but the last: as many as tiles have, or at least so many that every piece begins with a whole word. */
const alignments = [128, 4]

/** One piece where everything fits, and where not even a few rows do. */
export function cutRows(type: TensorType, encoding: WeightEncoding, largest: number): WeightPiece[] {
  const { shape } = type
  const rows = shape[0] ?? 1
  const rowBytes = rowWords(encoding, rows === 0 ? 0 : sizeOf(shape) / rows) * 4
  const most = Math.floor(largest / rowBytes)
  const alignment = alignments.find((count) => count <= most)
  if (shape.length !== 2 || rows <= most || alignment === undefined) return [{ index: 0, first: 0, rows }]
  const each = Math.floor(most / alignment) * alignment
  return Array.from({ length: Math.ceil(rows / each) }, (_, index) => ({
    index,
    first: index * each,
    rows: Math.min(each, rows - index * each),
  }))
}

/** The part of the numbers or scales of a weight that belongs to some of its rows. */
export function rowsOf(
  numbers: WeightData['data'] | Float32Array,
  { shape }: TensorType,
  { first, rows }: WeightPiece,
): ArrayBufferView<ArrayBuffer> {
  const all = shape[0] ?? 1
  if (rows === all) return numbers as ArrayBufferView<ArrayBuffer>
  const each = numbers.length / all
  return numbers.subarray(first * each, (first + rows) * each) as ArrayBufferView<ArrayBuffer>
}
