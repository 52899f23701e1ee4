/** What the parts of one backend share: the runtime, the provider that was found to work, and the order of the work. */
import { DisposedError, type TensorType } from '@retnet/core'
import { GpuTensor } from './gpu-tensor.js'
import type { Ort, OrtSessionOptions } from './ort.js'
import { Queue } from './queue.js'
import { HostTensor, type StateTensor } from './state-tensor.js'

export interface Provider {
  /** `cpu`, `wasm`, `webgpu` and the like; null: the runtime's own default. */
  readonly name: string | null
  readonly options: OrtSessionOptions
  readonly operators: 'microsoft' | 'standard'
  /** The runtime writes results into tensors in host memory that it is given. */
  readonly inPlace: boolean
  /** Of the WebGPU provider: states stay in its buffers. */
  readonly device: GPUDevice | null
  /** Gives up what keeps the provider alive. */
  readonly release: () => Promise<void>
}

export class Host {
  readonly ort: Ort
  readonly provider: Provider
  readonly accuracyLevel: 0 | 4
  readonly queue = new Queue()
  disposed = false

  constructor(ort: Ort, provider: Provider, accuracyLevel: 0 | 4) {
    this.ort = ort
    this.provider = provider
    this.accuracyLevel = accuracyLevel
  }

  /** Work that was called before ends first. */
  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    this.queue.run(() => this.provider.release()).catch(() => {})
  }

  requireAlive(): void {
    if (this.disposed) throw new DisposedError('backend onnx')
  }

  /** Integers are a few numbers that the host computes with. */
  createTensor(type: TensorType): StateTensor {
    const { device, inPlace } = this.provider
    if (device && type.dtype === 'f32') return new GpuTensor(this.ort, device, type)
    return new HostTensor(this.ort, type, inPlace)
  }
}
