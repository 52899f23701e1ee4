/** Matrix products by tiles of workgroup memory, in f32 or by subgroup matrices. */
import type { Slot } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { halfMatrix } from './halves.js'
import { type Product, windowOf } from './product.js'
import { type MatrixTuning, matrixTile } from './matrix-tile.js'
import { type OperandShape, type OperandText, halfOperand, matrixOperand } from './operand.js'
import { type RegisterTileSide, registerSide, registerTile } from './register-tile.js'
import { emitSplit, splitsFor } from './split-inner.js'
import type { TileProduct } from './tile-product.js'

/** In f32, whatever the encoding of the operands. */
export function emitRegisterTile(product: Product, lowering: Lowering, side?: RegisterTileSide): void {
  const [a, b] = shapesOf(product)
  const tiles = tileProduct(
    product,
    lowering,
    matrixOperand(lowering, 'a', product.a, a),
    matrixOperand(lowering, 'b', product.b, b),
  )
  const chosen = side ?? registerSide(tiles, lowering.profile)
  emitSplit(tiles, splitsFor(tiles, chosen), (part) => registerTile(part, chosen), lowering)
}

/** With both operands rounded to halves and sums in f32. */
export function emitMatrixTile(product: Product, lowering: Lowering, tuning?: MatrixTuning): void {
  const tiles = matrixProduct(product, lowering)
  emitSplit(tiles, splitsFor(tiles, 128), (part) => matrixTile(part, tuning), lowering)
}

/** The product with operands as the matrix tile reads them fastest. */
export function matrixProduct(product: Product, lowering: Lowering): TileProduct {
  const [a, b] = shapesOf(product)
  return tileProduct(product, lowering, activation(lowering, product, a), weight(lowering, product, b))
}

function shapesOf({ rows, columns, inner, transposeA, transposeB }: Product): readonly [OperandShape, OperandShape] {
  return [
    { outer: rows, inner, along: transposeA ? 'outer' : 'inner' },
    { outer: columns, inner, along: transposeB ? 'inner' : 'outer' },
  ]
}

function tileProduct(product: Product, lowering: Lowering, a: OperandText, b: OperandText): TileProduct {
  const { y, rows, columns, inner, batch } = product
  const { first, stride } = windowOf(product)
  return {
    name: 'matmul',
    rows,
    columns,
    layers: batch,
    bindings: [...a.bindings, ...b.bindings],
    declarations: `${a.declarations}\n${b.declarations}`,
    prologue: '',
    terms: [{ inner, a: a.operand, b: b.operand }],
    output: { slot: lowering.slot(y), base: `layer * ${rows * stride}u + ${first}u`, stride, rowLimit: `${rows}u` },
  }
}

/** Many tiles read each row of an activation: it is rounded to halves once, and shared by the products that read it. */
function activation(
  lowering: Lowering,
  { a, rows, inner, batch, transposeA }: Product,
  shape: OperandShape,
): OperandText {
  if (transposeA || batch !== 1 || lowering.encoding(a) !== null) return matrixOperand(lowering, 'a', a, shape)
  const { slot, columns } = halfMatrix(lowering, a, rows, inner)
  return halfOperand('a', slot, { ...shape, inner: columns })
}

/** f16 weights go to workgroup memory as they are, others are unpacked and rounded on the way. */
function weight(lowering: Lowering, { b }: Product, shape: OperandShape): OperandText {
  const extent = shape.along === 'inner' ? shape.inner : shape.outer
  if (lowering.encoding(b) !== 'f16' || extent % 8 !== 0) return matrixOperand(lowering, 'b', b, shape)
  const slot: Slot = lowering.weight(b, 'data')
  return halfOperand('b', slot, shape)
}
