import { DisposedError, type DeviceWeight, type TensorType, type WeightData, type WeightEncoding } from '@retnet/core'
import { type HeldWeight, holdWeight } from '../emit/held-weight.js'

/** A weight in host memory; sessions are given it when they are made. */
export class OnnxWeight implements DeviceWeight {
  readonly type: TensorType
  readonly encoding: WeightEncoding
  readonly bytes: number
  readonly owner: object
  #held: HeldWeight | null

  constructor(owner: object, weight: WeightData) {
    const { bytes, scales, ...rest } = holdWeight(weight)
    // what was packed anew is a copy already
    const own = bytes.buffer === weight.data.buffer ? bytes.slice() : bytes
    this.#held = { ...rest, bytes: own, scales: scales?.slice() ?? null }
    this.owner = owner
    this.type = weight.type
    this.encoding = weight.encoding
    this.bytes = own.byteLength + (scales?.byteLength ?? 0)
  }

  get held(): HeldWeight {
    if (this.#held) return this.#held
    throw new DisposedError('a weight')
  }

  dispose(): void {
    this.#held = null
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}
