import { sizeOf } from '../contract/tensor.js'
import { asMatrix } from '../graph/shape-rules.js'
import { requireIds } from './require.js'
import type { Meanings, Numbers64 } from './tensor64.js'

/** A matrix inside a larger array: element (i, j) lies at offset + i * row + j * column. */
interface Strided {
  readonly data: Numbers64
  readonly offset: number
  readonly row: number
  readonly column: number
}

function strided(data: Numbers64, offset: number, columns: number, transpose: boolean): Strided {
  return transpose ? { data, offset, row: 1, column: columns } : { data, offset, row: columns, column: 1 }
}

function multiply(
  a: Strided,
  b: Strided,
  rows: number,
  inner: number,
  columns: number,
  result: Float64Array,
  at: number,
) {
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let total = 0
      for (let k = 0; k < inner; k++) {
        total += a.data[a.offset + i * a.row + k * a.column] * b.data[b.offset + k * b.row + j * b.column]
      }
      result[at + i * columns + j] = total
    }
  }
}

export const contractionMeanings: Meanings<'matmul' | 'batchMatmul' | 'embed' | 'scatterAdd'> = {
  matmul([a, b], { transposeA, transposeB }, [type]) {
    const [rowsA, columnsA] = asMatrix(a!.type.shape)
    const [, columnsB] = asMatrix(b!.type.shape)
    const [rows, inner] = transposeA ? [columnsA, rowsA] : [rowsA, columnsA]
    const result = new Float64Array(sizeOf(type.shape))
    const left = strided(a!.data, 0, columnsA, transposeA)
    multiply(left, strided(b!.data, 0, columnsB, transposeB), rows, inner, asMatrix(type.shape)[1], result, 0)
    return [result]
  },
  batchMatmul([a, b], { transposeA, transposeB }, [type]) {
    const [rows, columns] = type.shape.slice(-2)
    const [rowsA, columnsA] = a!.type.shape.slice(-2)
    const [rowsB, columnsB] = b!.type.shape.slice(-2)
    const inner = transposeA ? rowsA : columnsA
    const result = new Float64Array(sizeOf(type.shape))
    for (let n = 0; n * rows * columns < result.length; n++) {
      const left = strided(a!.data, n * rowsA * columnsA, columnsA, transposeA)
      const right = strided(b!.data, n * rowsB * columnsB, columnsB, transposeB)
      multiply(left, right, rows, inner, columns, result, n * rows * columns)
    }
    return [result]
  },
  embed([table, ids]) {
    const [rows, width] = table!.type.shape
    requireIds('embed', ids!, 0, rows)
    const result = new Float64Array(ids!.data.length * width)
    ids!.data.forEach((id, row) => result.set(table!.data.subarray(id * width, (id + 1) * width), row * width))
    return [result]
  },
  scatterAdd([values, ids], { rows }) {
    const width = asMatrix(values!.type.shape)[1]
    requireIds('scatterAdd', ids!, 0, rows)
    const result = new Float64Array(rows * width)
    ids!.data.forEach((id, row) => {
      for (let i = 0; i < width; i++) result[id * width + i] += values!.data[row * width + i]
    })
    return [result]
  },
}
