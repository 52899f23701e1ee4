/** State tensors on the device, each in a buffer of its own that programs update in place. */
import {
  DisposedError,
  type Graph,
  GraphError,
  type NamedTensors,
  type RowCopy,
  type State,
  type StateTensors,
  copiesOverlap,
  requireCopies,
  requireRows,
  requireTargets,
  requireTensors,
  rowsOf,
  showType,
  sizeOf,
  stateTensors,
  withRows,
} from '@retnet/core'
import type { DeviceGuard } from '../device/device-guard.js'
import type { GpuMemory } from './gpu-memory.js'
import { type BufferToRead, encodeReads } from './read-buffers.js'
import { type RowCopies, rowBytes } from './row-copies.js'

/** What states live on. */
export interface StateHost {
  readonly memory: GpuMemory
  readonly guard: DeviceGuard
  readonly rowCopies: RowCopies
}

export class GpuState implements State {
  readonly tensors: StateTensors
  readonly rows: number
  readonly bytes: number
  readonly #host: StateHost
  #buffers: ReadonlyMap<string, GPUBuffer> | null

  constructor(host: StateHost, tensors: StateTensors) {
    this.tensors = tensors
    this.rows = rowsOf(tensors)
    this.#host = host
    const make = (name: string, bytes: number) => host.memory.create(`state ${name}`, bytes)
    const buffers = new Map([...tensors].map(([name, { shape }]) => [name, make(name, sizeOf(shape) * 4)]))
    this.#buffers = buffers
    this.bytes = [...buffers.values()].reduce((total, buffer) => total + buffer.size, 0)
    this.reset()
  }

  buffer(name: string): GPUBuffer {
    return this.#live().get(name)!
  }

  /** True when a program of this graph, on the same device, can run on the state. Throws when it was disposed of. */
  fits(graph: Graph, memory: GpuMemory): boolean {
    this.#live()
    const wanted = stateTensors(graph)
    if (memory !== this.#host.memory || wanted.size !== this.tensors.size) return false
    return [...wanted].every(([name, type]) => {
      const tensor = this.tensors.get(name)
      return tensor !== undefined && showType(tensor) === showType(type)
    })
  }

  fork(): GpuState {
    const buffers = this.#live()
    const copy = new GpuState(this.#host, this.tensors)
    this.#submit((encoder) => {
      for (const [name, buffer] of buffers) encoder.copyBufferToBuffer(buffer, 0, copy.buffer(name), 0, buffer.size)
    })
    return copy
  }

  async read(): Promise<NamedTensors> {
    const buffers = this.#live()
    return this.#read([...this.tensors].map(([name, type]) => ({ buffer: buffers.get(name)!, type })))
  }

  async write(tensors: NamedTensors): Promise<void> {
    const buffers = this.#live()
    requireTensors(this.tensors, tensors)
    for (const [name, buffer] of buffers) this.#host.memory.write(buffer, view(tensors[name]))
  }

  reset(): void {
    const buffers = this.#live()
    this.#submit((encoder) => {
      for (const buffer of buffers.values()) encoder.clearBuffer(buffer)
    })
  }

  async readRows(rows: readonly number[]): Promise<NamedTensors> {
    const buffers = this.#live()
    requireRows(rows, this)
    const types = [...withRows(this.tensors, rows.length)]
    return this.#read(
      types.map(([name, type]) => {
        const offsets = rows.map((row) => row * rowBytes(type.shape))
        return { buffer: buffers.get(name)!, type, offsets }
      }),
    )
  }

  async writeRows(rows: readonly number[], tensors: NamedTensors): Promise<void> {
    const buffers = this.#live()
    requireTargets(rows, this)
    requireTensors(withRows(this.tensors, rows.length), tensors)
    for (const [name, { shape }] of this.tensors) {
      const size = sizeOf(shape.slice(1))
      rows.forEach((row, at) => {
        const part = view(tensors[name].subarray(at * size, (at + 1) * size))
        this.#host.memory.write(buffers.get(name)!, part, row * rowBytes(shape))
      })
    }
  }

  copyRows(source: State, copies: readonly RowCopy[]): void {
    const to = this.#live()
    if (!(source instanceof GpuState) || source.#host.memory !== this.#host.memory) {
      throw new GraphError('state: the source belongs to another backend. Copy it with readRows() and writeRows().')
    }
    const from = source.#live()
    requireCopies(copies, source, this)
    if (source === this && copiesOverlap(copies)) return this.#copyStaged(copies)
    const all = [...this.tensors].map(([name, { shape }]) => {
      return { from: from.get(name)!, to: to.get(name)!, rowBytes: rowBytes(shape) }
    })
    this.#host.rowCopies.submit(all, copies)
  }

  resetRows(rows: readonly number[]): void {
    const buffers = this.#live()
    requireTargets(rows, this)
    this.#submit((encoder) => {
      for (const [name, { shape }] of this.tensors) {
        const bytes = rowBytes(shape)
        for (const row of rows) encoder.clearBuffer(buffers.get(name)!, row * bytes, bytes)
      }
    })
  }

  dispose(): void {
    for (const buffer of this.#buffers?.values() ?? []) this.#host.memory.destroy(buffer)
    this.#buffers = null
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  /** Through memory of its own, so that all rows are read before one is written. */
  #copyStaged(copies: readonly RowCopy[]): void {
    using stage = new GpuState(this.#host, withRows(this.tensors, copies.length))
    stage.copyRows(
      this,
      copies.map(({ from }, to) => ({ from, to })),
    )
    this.copyRows(
      stage,
      copies.map(({ to }, from) => ({ from, to })),
    )
  }

  async #read(reads: readonly BufferToRead[]): Promise<NamedTensors> {
    const { device } = this.#host.memory
    const encoder = device.createCommandEncoder()
    const finish = encodeReads(device, encoder, reads)
    device.queue.submit([encoder.finish()])
    const values = await this.#host.guard.race(finish())
    return Object.fromEntries([...this.tensors.keys()].map((name, index) => [name, values[index]]))
  }

  #submit(encode: (encoder: GPUCommandEncoder) => void): void {
    const { device } = this.#host.memory
    const encoder = device.createCommandEncoder()
    encode(encoder)
    device.queue.submit([encoder.finish()])
  }

  #live(): ReadonlyMap<string, GPUBuffer> {
    this.#host.guard.check()
    if (!this.#buffers) throw new DisposedError('state')
    return this.#buffers
  }
}

function view(data: NamedTensors[string]): ArrayBufferView<ArrayBuffer> {
  return data as ArrayBufferView<ArrayBuffer>
}
