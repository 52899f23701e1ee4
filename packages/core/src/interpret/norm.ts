import { asMatrix } from '../graph/shape-rules.js'
import type { Meanings, Tensor64 } from './tensor64.js'

function normalise(x: Tensor64, weight: Tensor64 | null, bias: Tensor64 | null, epsilon: number, centred: boolean) {
  const [rows, columns] = asMatrix(x.type.shape)
  const result = Float64Array.from(x.data)
  for (let row = 0; row < rows; row++) {
    const values = result.subarray(row * columns, (row + 1) * columns)
    const mean = centred ? values.reduce((total, value) => total + value, 0) / columns : 0
    const power = values.reduce((total, value) => total + (value - mean) ** 2, 0) / columns
    for (let i = 0; i < columns; i++) {
      values[i] = ((values[i] - mean) / Math.sqrt(power + epsilon)) * (weight?.data[i] ?? 1) + (bias?.data[i] ?? 0)
    }
  }
  return [result]
}

export const normMeanings: Meanings<'rmsNorm' | 'layerNorm'> = {
  rmsNorm: ([x, weight], { epsilon }) => normalise(x!, weight, null, epsilon, false),
  layerNorm: ([x, weight, bias], { epsilon }) => normalise(x!, weight, bias, epsilon, true),
}
