/** Reads the weights of a checkpoint one after another, in the encoding that the backend is to hold. */
import type { Fingerprint, WeightData, WeightEncoding } from '@retnet/core'
import type { Quantization } from '../quantized/quantization-config.js'
import type { TensorFile } from '../safetensors/tensor-file.js'
import type { PlannedWeight } from './plan-weights.js'
import { heldEncoding, readWeight } from './read-weight.js'

export interface WeightStreamOptions {
  readonly plan: readonly PlannedWeight[]
  readonly tensors: TensorFile
  /** How the file is quantised. */
  readonly quantization: Quantization | null
  readonly dtype: WeightEncoding
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: ((progress: { loaded: number; total: number }) => void) | undefined
}

/** The weights in the order of the plan; `fingerprint` covers the bytes as stored and is complete after the last one. */
export async function* streamWeights(
  { plan, tensors, quantization, dtype, signal, onProgress }: WeightStreamOptions,
  fingerprint: Fingerprint,
): AsyncGenerator<readonly [string, WeightData]> {
  const total = plan.reduce((sum, { info }) => sum + info.bytes, 0)
  let loaded = 0
  for (const planned of plan) {
    const encoding = heldEncoding(planned, dtype, quantization)
    const { weight, bytes } = await readWeight(tensors, planned, encoding, signal ? { signal } : {})
    for (const part of bytes) fingerprint.add(planned.name, part)
    yield [planned.name, weight]
    loaded += planned.info.bytes
    onProgress?.({ loaded, total })
  }
}
