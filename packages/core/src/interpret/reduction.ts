import { sizeOf } from '../contract/tensor.js'
import { asMatrix } from '../graph/shape-rules.js'
import { type Meanings, broadcastOffset, forEachIndex, strides } from './tensor64.js'

export const reductionMeanings: Meanings<'sum' | 'softmax'> = {
  sum([x], _attributes, [type]) {
    const result = new Float64Array(sizeOf(type.shape))
    const steps = strides(type.shape)
    forEachIndex(x!.type.shape, (index, flat) => {
      result[broadcastOffset(type.shape, steps, index)] += x!.data[flat]
    })
    return [result]
  },
  softmax([x]) {
    const [rows, columns] = asMatrix(x!.type.shape)
    const result = Float64Array.from(x!.data)
    for (let row = 0; row < rows; row++) {
      const values = result.subarray(row * columns, (row + 1) * columns)
      const total = logSumExp(values)
      for (let i = 0; i < columns; i++) values[i] = Math.exp(values[i] - total)
    }
    return [result]
  },
}

export function logSumExp(values: Float64Array): number {
  let top = -Infinity
  for (const value of values) top = Math.max(top, value)
  let total = 0
  for (const value of values) total += Math.exp(value - top)
  return top + Math.log(total)
}
