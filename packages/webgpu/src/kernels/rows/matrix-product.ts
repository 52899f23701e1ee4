/**
 * y = W x for some ten rows of x, by subgroup matrices: what `decode/product.ts` does for a few rows. Three kernels: x with its norm and
 * gate as halves, sums of tiles of 64 rows of the weights over parts of the inner side, and the sum of the parts with bias, activation,
 * gate and residual. Weights are read once, whatever the number of rows; sums are in f32.
 */
import type { WeightEncoding } from '@retnet/core'
import type { Lowering } from '../../compile/lowering.js'
import type { Product } from '../decode/product.js'
import { offersMatrices } from '../matmul/matrix-tile.js'
import { type MatrixText, subgroupMatrixText } from '../matmul/matrix-text.js'
import { emitPreparedInput } from './prepared-input.js'
import { emitSummedParts } from './summed-parts.js'
import { emitTileSums } from './tile-sums.js'
import { tileShape } from './tile-shape.js'
import { weightLines } from './weight-lines.js'

/** The kernels for few rows are faster below: unpacking for each row costs them more where weights are packed. */
const fewest: Readonly<Record<WeightEncoding, number>> = { f32: Number.POSITIVE_INFINITY, f16: 5, q8: 4, q4: 4 }
/** Products of square tiles are faster above. */
const most = 64

/** Weights with fewer columns gain nothing, and keep their exact products. */
const narrowest = 128

export interface ProductSize {
  readonly rows: number
  readonly inner: number
  /** N of the narrowest weight. */
  readonly columns: number
  readonly encoding: WeightEncoding
}

/** Rounding x to halves is for weights that were rounded too. */
export function suitsMatrixProduct({ rows, inner, columns, encoding }: ProductSize, { profile }: Lowering): boolean {
  return (
    rows >= (profile.tune.matrixRows ?? fewest[encoding]) &&
    rows <= most &&
    columns >= narrowest &&
    encoding !== 'f32' &&
    offersMatrices(profile) &&
    weightLines(encoding, inner) !== null
  )
}

export function emitMatrixProduct(product: Product, lowering: Lowering, text: MatrixText = subgroupMatrixText): void {
  const shape = tileShape(product, lowering)
  const x = emitPreparedInput(product, lowering)
  const parts = emitTileSums(product, shape, x, text, lowering)
  emitSummedParts(product, shape, parts, lowering)
}
