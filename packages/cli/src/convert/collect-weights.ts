/** All weights of a model in one encoding, in memory. */
import { Fingerprint, type WeightData, type WeightEncoding } from '@retnet/core'
import { type Checkpoint, streamWeights } from '@retnet/formats'
import type { Io } from '../io.js'
import { createProgress } from '../terminal/progress.js'
import { showBytes } from '../terminal/units.js'

export interface CollectedWeights {
  readonly weights: Readonly<Record<string, WeightData>>
  /** Of the checkpoint, whatever the encoding: snapshots go from it to what is made of it. */
  readonly fingerprint: string
}

export async function collectWeights(io: Io, checkpoint: Checkpoint, dtype: WeightEncoding): Promise<CollectedWeights> {
  using progress = createProgress(io, `converting to ${dtype}`, showBytes)
  const fingerprint = new Fingerprint()
  const { plan, tensors, quantization } = checkpoint
  const weights: Record<string, WeightData> = {}
  const stream = streamWeights(
    {
      plan,
      tensors,
      quantization,
      dtype,
      signal: io.signal,
      onProgress: ({ loaded, total }) => progress.update(loaded, total),
    },
    fingerprint,
  )
  for await (const [name, weight] of stream) {
    weights[name] = weight
    io.signal.throwIfAborted()
  }
  return { weights, fingerprint: fingerprint.digest() }
}
