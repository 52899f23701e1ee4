import type { WeightData, WeightEncoding } from '@retnet/core'
import { float32ToFloat16 } from '../safetensors/half.js'
import { quantizeQ4 } from './quantize-q4.js'
import { quantizeQ8 } from './quantize-q8.js'

/** Numbers of a weight in an encoding; f32 keeps the array. */
export function encodeValues(values: Float32Array, shape: readonly number[], encoding: WeightEncoding): WeightData {
  const type = { dtype: 'f32', shape } as const
  if (encoding === 'f32') return { type, encoding, data: values }
  if (encoding === 'f16') return { type, encoding, data: float32ToFloat16(values) }
  return encoding === 'q8' ? quantizeQ8(values, shape) : quantizeQ4(values, shape)
}
