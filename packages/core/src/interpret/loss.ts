import { asMatrix } from '../graph/shape-rules.js'
import { logSumExp } from './reduction.js'
import { requireIds } from './require.js'
import type { Meanings } from './tensor64.js'

export const lossMeanings: Meanings<'crossEntropy' | 'crossEntropyGrad'> = {
  crossEntropy([logits, targets]) {
    const columns = asMatrix(logits!.type.shape)[1]
    requireIds('crossEntropy', targets!, -1, columns)
    return [
      Float64Array.from(targets!.data, (target, row) => {
        if (target < 0) return 0
        const values = logits!.data.subarray(row * columns, (row + 1) * columns) as Float64Array
        return logSumExp(values) - values[target]
      }),
    ]
  },
  crossEntropyGrad([logits, targets, dLoss]) {
    const columns = asMatrix(logits!.type.shape)[1]
    requireIds('crossEntropyGrad', targets!, -1, columns)
    const result = new Float64Array(logits!.data.length)
    targets!.data.forEach((target, row) => {
      if (target < 0) return
      const values = logits!.data.subarray(row * columns, (row + 1) * columns) as Float64Array
      const total = logSumExp(values)
      for (let i = 0; i < columns; i++) {
        result[row * columns + i] = (Math.exp(values[i] - total) - (i === target ? 1 : 0)) * dLoss!.data[row]
      }
    })
    return [result]
  },
}
