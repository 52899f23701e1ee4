import type { WeightEncoding } from '@retnet/core'

/**
 * How a weight of the model definition is held when the model is asked for in `dtype`. Norms and biases are small and stay exact. In 4
 * bits the embedding and the output projection, where errors reach the loss directly, are held in 8 (LOG.md has the measurements).
 */
export function chooseEncoding(name: string, shape: readonly number[], dtype: WeightEncoding): WeightEncoding {
  if (shape.length < 2) return 'f32'
  return dtype === 'q4' && (name === 'embedding.weight' || name === 'head.weight') ? 'q8' : dtype
}
