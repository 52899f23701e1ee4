/** Matrix products and table look-ups. */
import { showType } from '../contract/tensor.js'
import { ShapeError } from '../errors/shape-error.js'
import type { Value } from '../graph/builder.js'
import type { ShapeRules } from '../graph/infer.js'
import { asMatrix, f32, requireDtype, requireOperand, requireRank } from '../graph/shape-rules.js'

export interface Transposes {
  readonly transposeA?: boolean
  readonly transposeB?: boolean
}

/**
 * op(a) op(b), each operand seen as a matrix [product of the leading axes, last axis].
 * A linear layer is `matmul(x [..., K], w [N, K], { transposeB: true })` -> [..., N].
 */
export function matmul(a: Value, b: Value, { transposeA = false, transposeB = false }: Transposes = {}): Value {
  return a.builder.append('matmul', [a, b], { transposeA, transposeB })[0]
}

/** a [..., M, K] times b [..., K, N] -> [..., M, N], one product for each index of the equal leading axes. */
export function batchMatmul(a: Value, b: Value, { transposeA = false, transposeB = false }: Transposes = {}): Value {
  return a.builder.append('batchMatmul', [a, b], { transposeA, transposeB })[0]
}

/** Rows of `table` [V, D] picked by `ids` i32 [...] -> [..., D]. */
export function embed(table: Value, ids: Value): Value {
  return table.builder.append('embed', [table, ids], {})[0]
}

/** Adds row i of `values` [..., D] to row ids[i] of zeros [rows, D]: the gradient of `embed`. */
export function scatterAdd(values: Value, ids: Value, rows: number): Value {
  return values.builder.append('scatterAdd', [values, ids], { rows })[0]
}

export const contractionRules: ShapeRules<'matmul' | 'batchMatmul' | 'embed' | 'scatterAdd'> = {
  matmul(types, { transposeA, transposeB }) {
    const a = requireOperand('matmul', 'a', types, 0)
    const b = requireOperand('matmul', 'b', types, 1)
    requireDtype('matmul', 'a', a, 'f32')
    requireDtype('matmul', 'b', b, 'f32')
    const [rowsA, columnsA] = asMatrix(a.shape)
    const [rowsB, columnsB] = asMatrix(b.shape)
    const inner = transposeA ? rowsA : columnsA
    if (inner !== (transposeB ? columnsB : rowsB)) {
      const expected = `${transposeB ? 'columns' : 'rows'} equal to ${inner} of a ${showType(a)}`
      throw new ShapeError({ op: 'matmul', argument: 'b', expected, actual: showType(b) })
    }
    return [f32([...(transposeA ? [columnsA] : a.shape.slice(0, -1)), transposeB ? rowsB : columnsB])]
  },
  batchMatmul(types, { transposeA, transposeB }) {
    const a = requireOperand('batchMatmul', 'a', types, 0)
    const b = requireOperand('batchMatmul', 'b', types, 1)
    const rank = a.shape.length
    const leading = a.shape.slice(0, -2)
    const [rowsA, columnsA] = transposeA ? [a.shape[rank - 1], a.shape[rank - 2]] : a.shape.slice(-2)
    const [rowsB, columnsB] = transposeB ? [b.shape[rank - 1], b.shape[rank - 2]] : b.shape.slice(-2)
    const fits = rank >= 2 && b.shape.length === rank && leading.every((extent, axis) => extent === b.shape[axis])
    if (!fits || columnsA !== rowsB) {
      const expected = `[..., ${columnsA}, N] with the leading axes of a ${showType(a)}`
      throw new ShapeError({ op: 'batchMatmul', argument: 'b', expected, actual: showType(b) })
    }
    return [f32([...leading, rowsA, columnsB])]
  },
  embed(types) {
    const table = requireOperand('embed', 'table', types, 0)
    const ids = requireOperand('embed', 'ids', types, 1)
    requireRank('embed', 'table', table, 2, '[V, D]')
    requireDtype('embed', 'ids', ids, 'i32')
    return [f32([...ids.shape, table.shape[1]])]
  },
  scatterAdd(types, { rows }) {
    const values = requireOperand('scatterAdd', 'values', types, 0)
    const ids = requireOperand('scatterAdd', 'ids', types, 1)
    requireDtype('scatterAdd', 'ids', ids, 'i32')
    const width = values.shape[values.shape.length - 1]
    if (values.shape.slice(0, -1).join() !== ids.shape.join()) {
      const expected = `[${[...ids.shape, 'D'].join(', ')}] for ids ${showType(ids)}`
      throw new ShapeError({ op: 'scatterAdd', argument: 'values', expected, actual: showType(values) })
    }
    return [f32([rows, width])]
  },
}
