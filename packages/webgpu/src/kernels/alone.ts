/** Runs the kernels of one lowering by themselves over given tensors: for tests that force a variant, and for benchmarks. */
import { sizeOf, type TensorData, type WeightData } from '@retnet/core'
import type { Kernel, Slot } from '../compile/kernel.js'
import type { Lowering } from '../compile/lowering.js'
import { PipelineCache } from '../compile/pipelines.js'
import { keyOf } from '../compile/plan.js'
import type { Profile } from '../device/profile.js'
import { GpuMemory } from '../memory/gpu-memory.js'

/** Value 0, 1, ... of the lowering: a weight in its encoding, numbers, or null for memory that starts as NaN. */
export interface AloneTensor {
  readonly shape: readonly number[]
  readonly weight?: WeightData
  readonly data?: TensorData | null
}

export class AloneKernels {
  readonly kernels: readonly Kernel[]
  readonly #memory: GpuMemory
  readonly #tensors: readonly AloneTensor[]
  readonly #buffers = new Map<string, GPUBuffer>()
  #bound: readonly { pipeline: GPUComputePipeline; group: GPUBindGroup }[] = []

  constructor(
    device: GPUDevice,
    profile: Profile,
    tensors: readonly AloneTensor[],
    emit: (lowering: Lowering) => void,
  ) {
    this.#memory = new GpuMemory(device, profile, true)
    this.#tensors = tensors
    const kernels: Kernel[] = []
    const keep = (slot: Slot, buffer: GPUBuffer) => {
      this.#buffers.set(keyOf(slot), buffer)
      return slot
    }
    let made = 0
    const lowering: Lowering = {
      profile,
      form: 'auto',
      chunk: 64,
      rounded: tensors.some(({ weight }) => weight !== undefined && weight.encoding !== 'f32'),
      type: (value) => ({
        shape: tensors[value].shape,
        dtype: tensors[value].data instanceof Int32Array ? 'i32' : 'f32',
      }),
      encoding: (value) => tensors[value].weight?.encoding ?? null,
      slot: (value) => ({ kind: 'value', value }),
      state: (value) => ({ slot: { kind: 'value', value }, half: false }),
      weight: (value, part) => ({ kind: 'weight', name: String(value), part, piece: 0 }),
      pieces: (value) => [{ index: 0, first: 0, rows: tensors[value].shape[0] }],
      scratch: (bytes) => keep({ kind: 'scratch', index: made }, this.#memory.create(`scratch ${made++}`, bytes)),
      table: (data) =>
        keep(
          { kind: 'table', index: made },
          this.#memory.upload(`table ${made++}`, data as ArrayBufferView<ArrayBuffer>),
        ),
      emit: (kernel) => void kernels.push(kernel),
    }
    tensors.forEach((tensor, value) => this.#upload(tensor, value))
    emit(lowering)
    this.kernels = kernels
  }

  async prepare(): Promise<this> {
    const { device } = this.#memory
    const cache = new PipelineCache(device)
    this.#bound = await Promise.all(
      this.kernels.map(async ({ name, code, bindings }) => {
        const pipeline = await cache.get(name, code)
        const entries = bindings.map(({ slot }, binding) => ({ binding, resource: { buffer: this.buffer(slot) } }))
        return {
          pipeline,
          group: device.createBindGroup({ label: name, layout: pipeline.getBindGroupLayout(0), entries }),
        }
      }),
    )
    return this
  }

  /** Submits all kernels `times` over, in one pass. */
  run(times = 1): void {
    const { device } = this.#memory
    const encoder = device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    for (let time = 0; time < times; time++) {
      this.#bound.forEach(({ pipeline, group }, index) => {
        pass.setPipeline(pipeline)
        pass.setBindGroup(0, group)
        pass.dispatchWorkgroups(...this.kernels[index].workgroups)
      })
    }
    pass.end()
    device.queue.submit([encoder.finish()])
  }

  /** `count` numbers of a value from `first` on; all of them by default. */
  async read(value: number, first = 0, count = sizeOf(this.#tensors[value].shape) - first): Promise<Float32Array> {
    const { device } = this.#memory
    const staging = device.createBuffer({ size: count * 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST })
    const encoder = device.createCommandEncoder()
    encoder.copyBufferToBuffer(this.buffer({ kind: 'value', value }), first * 4, staging, 0, count * 4)
    device.queue.submit([encoder.finish()])
    await staging.mapAsync(GPUMapMode.READ)
    const numbers = new Float32Array(staging.getMappedRange().slice(0))
    staging.destroy()
    return numbers
  }

  buffer(slot: Slot): GPUBuffer {
    return this.#buffers.get(keyOf(slot))!
  }

  dispose(): void {
    for (const buffer of this.#buffers.values()) this.#memory.destroy(buffer)
    this.#buffers.clear()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #upload({ shape, weight, data }: AloneTensor, value: number): void {
    const put = (slot: Slot, numbers: ArrayBufferView) =>
      this.#buffers.set(keyOf(slot), this.#memory.upload(`tensor ${value}`, numbers as ArrayBufferView<ArrayBuffer>))
    if (weight) {
      put({ kind: 'weight', name: String(value), part: 'data', piece: 0 }, weight.data)
      if (weight.scales) put({ kind: 'weight', name: String(value), part: 'scales', piece: 0 }, weight.scales)
      if (weight.encoding === 'f32') put({ kind: 'value', value }, weight.data)
    } else if (data) put({ kind: 'value', value }, data)
    else this.#buffers.set(`value ${value}`, this.#memory.create(`tensor ${value}`, sizeOf(shape) * 4))
  }
}
