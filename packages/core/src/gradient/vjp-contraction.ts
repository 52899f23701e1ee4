import { batchMatmul, embed, matmul, scatterAdd } from '../ops/contraction.js'
import { reshape } from '../ops/structure.js'
import type { Vjps } from './vjp-table.js'

/** With Y = op(A) op(B): dA = dY op(B)^T and dB = op(A)^T dY, each transposed again where the operand was. */
export const contractionVjps: Vjps<'matmul' | 'batchMatmul' | 'embed' | 'scatterAdd'> = {
  matmul({ operands: [a, b], attributes: { transposeA, transposeB }, gradients: [dy] }) {
    const da = transposeA
      ? matmul(b!, dy!, { transposeA: transposeB, transposeB: true })
      : matmul(dy!, b!, { transposeB: !transposeB })
    const db = transposeB
      ? matmul(dy!, a!, { transposeA: true, transposeB: transposeA })
      : matmul(a!, dy!, { transposeA: !transposeA })
    return [reshape(da, a!.type.shape), reshape(db, b!.type.shape)]
  },
  batchMatmul({ operands: [a, b], attributes: { transposeA, transposeB }, gradients: [dy] }) {
    const da = transposeA
      ? batchMatmul(b!, dy!, { transposeA: transposeB, transposeB: true })
      : batchMatmul(dy!, b!, { transposeB: !transposeB })
    const db = transposeB
      ? batchMatmul(dy!, a!, { transposeA: true, transposeB: transposeA })
      : batchMatmul(a!, dy!, { transposeA: !transposeA })
    return [da, db]
  },
  embed: ({ operands: [table, ids], gradients: [dy] }) => [scatterAdd(dy!, ids!, table!.type.shape[0]), null],
  scatterAdd: ({ operands: [, ids], gradients: [dy] }) => [embed(dy!, ids!), null],
}
