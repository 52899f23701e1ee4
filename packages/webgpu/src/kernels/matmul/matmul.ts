/** Chooses a kernel for a matrix product: few rows stream the weight, many rows work in tiles. */
import { sizeOf } from '@retnet/core'
import { type GraphNode, type Lowering, type LowerRules, lowerPiece } from '../../compile/lowering.js'
import { emitGemv, maxGemvRows } from './gemv.js'
import { offersMatrices } from './matrix-tile.js'
import { emitMatrixTile, emitRegisterTile } from './multiply.js'
import type { Product } from './product.js'
import { innerAlignment } from './tile-product.js'
import { emitTiled } from './tiled.js'

export const matmulKernels: LowerRules<'matmul' | 'batchMatmul'> = {
  matmul(node, _attributes, lowering) {
    const product = productOf(node, lowering)
    const { b, columns, transposeB } = product
    const pieces = lowering.pieces(b)
    if (!transposeB || pieces.length === 1) {
      emitMatmul(product, lowering)
      return
    }
    for (const piece of pieces) {
      const window = { first: piece.first, stride: columns }
      emitMatmul({ ...product, columns: piece.rows, window }, lowerPiece(lowering, b, piece))
    }
  },
  batchMatmul(node, { transposeA, transposeB }, lowering) {
    const [a, b] = node.inputs as readonly number[]
    const { shape } = lowering.type(node.outputs[0])
    const [rows, columns] = shape.slice(-2)
    const inner = lowering.type(a).shape.at(transposeA ? -2 : -1)!
    const batch = sizeOf(shape.slice(0, -2))
    emitProduct({ a, b, y: node.outputs[0], rows, inner, columns, batch, transposeA, transposeB }, lowering)
  },
}

/** Columns of the left side, if the product reads it as halves and whoever makes it may write it so; else null. */
export function halfColumns(node: GraphNode<'matmul'>, lowering: Lowering): number | null {
  const product = productOf(node, lowering)
  const { a, b, inner, transposeA } = product
  const whole = inner % innerAlignment === 0 && lowering.encoding(a) === null && lowering.pieces(b).length === 1
  return whole && !transposeA && suitsMatrices(product, lowering) ? inner : null
}

function productOf(node: GraphNode<'matmul'>, lowering: Lowering): Product {
  const { transposeA, transposeB } = node.attributes
  const [a, b] = node.inputs as readonly number[]
  const [matrixA, matrixB] = [a, b].map((value) => asMatrix(lowering.type(value).shape))
  const [rows, inner] = transposeA ? [matrixA[1], matrixA[0]] : matrixA
  const columns = transposeB ? matrixB[0] : matrixB[1]
  return { a, b, y: node.outputs[0], rows, inner, columns, batch: 1, transposeA, transposeB }
}

function emitMatmul(product: Product, lowering: Lowering): void {
  const { rows, transposeA, transposeB } = product
  if (!transposeA && transposeB && rows <= maxGemvRows) emitGemv(product, lowering)
  else emitProduct(product, lowering)
}

function emitProduct(product: Product, lowering: Lowering): void {
  const { rows, columns, inner } = product
  if (suitsMatrices(product, lowering)) emitMatrixTile(product, lowering)
  else if (lowering.profile.barriers && Math.min(rows, columns, inner) >= 16) emitRegisterTile(product, lowering)
  else emitTiled(product, lowering)
}

/** Rounding to halves is for weights that were rounded already; f32 weights stay exact. */
function suitsMatrices({ b, rows, columns, inner }: Product, lowering: Lowering): boolean {
  const encoding = lowering.encoding(b)
  const rounded = encoding !== null && encoding !== 'f32'
  return rounded && rows > maxGemvRows && columns >= 128 && inner >= 32 && offersMatrices(lowering.profile)
}

function asMatrix(shape: readonly number[]): readonly [number, number] {
  const columns = shape[shape.length - 1] ?? 1
  return [sizeOf(shape) / columns, columns]
}
