import {
  DisposedError,
  type Graph,
  GraphError,
  type NamedTensors,
  type State,
  type TensorType,
  showType,
  sizeOf,
} from '@retnet/core'
import type { DeviceGuard } from '../device/device-guard.js'
import type { GpuMemory } from './gpu-memory.js'
import { encodeReads } from './read-buffers.js'

export interface StateTensor {
  readonly name: string
  readonly type: TensorType
}

/** State tensors on the device, each in a buffer of its own that programs update in place. */
export class GpuState implements State {
  readonly tensors: readonly StateTensor[]
  readonly bytes: number
  readonly #memory: GpuMemory
  readonly #guard: DeviceGuard
  #buffers: ReadonlyMap<string, GPUBuffer> | null

  constructor(memory: GpuMemory, guard: DeviceGuard, tensors: readonly StateTensor[]) {
    this.tensors = tensors
    this.#memory = memory
    this.#guard = guard
    const buffers = new Map(
      tensors.map(({ name, type }) => [name, memory.create(`state ${name}`, sizeOf(type.shape) * 4)]),
    )
    this.#buffers = buffers
    this.bytes = [...buffers.values()].reduce((total, buffer) => total + buffer.size, 0)
    this.reset()
  }

  static forGraph(memory: GpuMemory, guard: DeviceGuard, graph: Graph): GpuState {
    const tensors = graph.states.map(({ name, input }) => ({ name, type: graph.types[input] }))
    return new GpuState(memory, guard, tensors)
  }

  buffer(name: string): GPUBuffer {
    return this.#live().get(name)!
  }

  /** True when a program of this graph, on the same device, can run on the state. Throws when it was disposed of. */
  fits(graph: Graph, memory: GpuMemory): boolean {
    this.#live()
    return (
      memory === this.#memory &&
      graph.states.length === this.tensors.length &&
      graph.states.every(({ name, input }) => {
        const tensor = this.tensors.find((candidate) => candidate.name === name)
        return tensor !== undefined && showType(tensor.type) === showType(graph.types[input])
      })
    )
  }

  fork(): GpuState {
    const buffers = this.#live()
    const copy = new GpuState(this.#memory, this.#guard, this.tensors)
    const encoder = this.#memory.device.createCommandEncoder()
    for (const [name, buffer] of buffers) encoder.copyBufferToBuffer(buffer, 0, copy.buffer(name), 0, buffer.size)
    this.#memory.device.queue.submit([encoder.finish()])
    return copy
  }

  async read(): Promise<NamedTensors> {
    const buffers = this.#live()
    const encoder = this.#memory.device.createCommandEncoder()
    const finish = encodeReads(
      this.#memory.device,
      encoder,
      this.tensors.map(({ name, type }) => ({ buffer: buffers.get(name)!, type })),
    )
    this.#memory.device.queue.submit([encoder.finish()])
    const values = await this.#guard.race(finish())
    return Object.fromEntries(this.tensors.map(({ name }, index) => [name, values[index]]))
  }

  async write(tensors: NamedTensors): Promise<void> {
    const buffers = this.#live()
    for (const { name, type } of this.tensors) checkTensor(name, type, tensors[name])
    const extra = Object.keys(tensors).find((name) => !buffers.has(name))
    if (extra) throw new GraphError(`state: there is no ${extra} in it.`)
    for (const { name } of this.tensors)
      this.#memory.write(buffers.get(name)!, tensors[name] as ArrayBufferView<ArrayBuffer>)
  }

  reset(): void {
    const encoder = this.#memory.device.createCommandEncoder()
    for (const buffer of this.#live().values()) encoder.clearBuffer(buffer)
    this.#memory.device.queue.submit([encoder.finish()])
  }

  dispose(): void {
    for (const buffer of this.#buffers?.values() ?? []) this.#memory.destroy(buffer)
    this.#buffers = null
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #live(): ReadonlyMap<string, GPUBuffer> {
    this.#guard.check()
    if (!this.#buffers) throw new DisposedError('state')
    return this.#buffers
  }
}

function checkTensor(name: string, type: TensorType, data: NamedTensors[string] | undefined): void {
  const kind = data instanceof Int32Array ? 'i32' : 'f32'
  if (data && data.length === sizeOf(type.shape) && kind === type.dtype) return
  throw new GraphError(
    `state: expected ${name} to be ${showType(type)}, got ${data ? `${kind} of ${data.length}` : 'nothing'}.`,
  )
}
