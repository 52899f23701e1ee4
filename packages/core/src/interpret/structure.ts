import { sizeOf } from '../contract/tensor.js'
import { type Meanings, broadcastOffset, forEachIndex, like, strides } from './tensor64.js'

export const structureMeanings: Meanings<
  'reshape' | 'transpose' | 'slice' | 'concat' | 'broadcast' | 'cast' | 'fill' | 'constant'
> = {
  reshape: ([x]) => [x!.data],
  transpose([x], { permutation }, [type]) {
    const result = like(x!.data, x!.data.length)
    const steps = strides(x!.type.shape)
    forEachIndex(type.shape, (index, flat) => {
      let source = 0
      for (let axis = 0; axis < index.length; axis++) source += index[axis] * steps[permutation[axis]]
      result[flat] = x!.data[source]
    })
    return [result]
  },
  slice([x], { starts }, [type]) {
    const result = like(x!.data, sizeOf(type.shape))
    const steps = strides(x!.type.shape)
    forEachIndex(type.shape, (index, flat) => {
      let source = 0
      for (let axis = 0; axis < index.length; axis++) source += (starts[axis] + index[axis]) * steps[axis]
      result[flat] = x!.data[source]
    })
    return [result]
  },
  concat(parts, { axis }, [type]) {
    const result = like(parts[0]!.data, sizeOf(type.shape))
    const steps = strides(type.shape)
    let start = 0
    for (const part of parts) {
      forEachIndex(part!.type.shape, (index, flat) => {
        let target = start * steps[axis]
        for (let a = 0; a < index.length; a++) target += index[a] * steps[a]
        result[target] = part!.data[flat]
      })
      start += part!.type.shape[axis]
    }
    return [result]
  },
  broadcast([x], _attributes, [type]) {
    const result = like(x!.data, sizeOf(type.shape))
    const steps = strides(x!.type.shape)
    forEachIndex(type.shape, (index, flat) => {
      result[flat] = x!.data[broadcastOffset(x!.type.shape, steps, index)]
    })
    return [result]
  },
  cast: ([x]) => [Float64Array.from(x!.data)],
  fill: (_operands, { value }, [type]) => [new Float64Array(sizeOf(type.shape)).fill(value)],
  constant: (_operands, { values }) => [Float64Array.from(values)],
}
