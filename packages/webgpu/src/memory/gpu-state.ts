/** State tensors on the device, each in a buffer of its own that programs update in place. */
import {
  DisposedError,
  type Graph,
  GraphError,
  type NamedTensors,
  type RowCopy,
  type State,
  type StateTensors,
  type TensorType,
  copiesOverlap,
  requireCopies,
  requireRows,
  requireTargets,
  requireTensors,
  rowsOf,
  showType,
  stateTensors,
  withRows,
} from '@retnet/core'
import type { DeviceGuard } from '../device/device-guard.js'
import { DeviceMemoryError } from '../errors.js'
import type { GpuMemory } from './gpu-memory.js'
import { type BufferToRead, encodeReads } from './read-buffers.js'
import { Room, watch } from './room.js'
import type { RowCopies } from './row-copies.js'
import { type StateDtype, inHalves, storedBytes, toHalves } from './state-storage.js'

/** What states live on. */
export interface StateHost {
  readonly memory: GpuMemory
  readonly guard: DeviceGuard
  readonly rowCopies: RowCopies
  readonly stateDtype: StateDtype
}

/** A tensor as it is stored. */
interface Stored {
  readonly buffer: GPUBuffer
  readonly type: TensorType
  readonly half: boolean
  readonly rowBytes: number
}

export class GpuState implements State {
  readonly tensors: StateTensors
  readonly rows: number
  readonly bytes: number
  readonly #host: StateHost
  #stored: ReadonlyMap<string, Stored> | null
  readonly #room: Room

  constructor(host: StateHost, tensors: StateTensors) {
    this.tensors = tensors
    this.rows = rowsOf(tensors)
    this.#host = host
    const { result: stored, refused } = host.memory.watch(() => storeAll(host, tensors))
    this.#stored = stored
    this.bytes = [...stored.values()].reduce((total, { buffer }) => total + buffer.size, 0)
    this.#room = new Room(refused, () => new DeviceMemoryError(`state of ${this.bytes} bytes`, host.memory.bytes))
    this.reset()
  }

  buffer(name: string): GPUBuffer {
    return this.#live().get(name)!.buffer
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

  /** Does work on the state at once; `requireRoom` says whether it counts. */
  watch<T>(work: () => T): T {
    return watch(this.#host.memory, this.#host.guard, [this.#room], work)
  }

  /** Throws DeviceMemoryError if the device had no room for the state. */
  requireRoom(): Promise<void> {
    return this.#room.require()
  }

  fork(): GpuState {
    const stored = this.#live()
    const copy = new GpuState(this.#host, this.tensors)
    copy.#submit((encoder) => {
      for (const [name, { buffer }] of stored) encoder.copyBufferToBuffer(buffer, 0, copy.buffer(name), 0, buffer.size)
    })
    return copy
  }

  async read(): Promise<NamedTensors> {
    return this.#read([...this.#live().values()])
  }

  async write(tensors: NamedTensors): Promise<void> {
    const stored = this.#live()
    requireTensors(this.tensors, tensors)
    this.watch(() => {
      for (const [name, { buffer, half }] of stored) this.#host.memory.write(buffer, bytesOf(tensors[name], half))
    })
    await this.requireRoom()
  }

  reset(): void {
    const stored = this.#live()
    this.#submit((encoder) => {
      for (const { buffer } of stored.values()) encoder.clearBuffer(buffer)
    })
  }

  async readRows(rows: readonly number[]): Promise<NamedTensors> {
    const stored = this.#live()
    requireRows(rows, this)
    const types = withRows(this.tensors, rows.length)
    return this.#read(
      [...stored].map(([name, { buffer, half, rowBytes }]) => {
        return { buffer, half, type: types.get(name)!, offsets: rows.map((row) => row * rowBytes) }
      }),
    )
  }

  async writeRows(rows: readonly number[], tensors: NamedTensors): Promise<void> {
    const stored = this.#live()
    requireTargets(rows, this)
    requireTensors(withRows(this.tensors, rows.length), tensors)
    this.watch(() => {
      for (const [name, { buffer, half, rowBytes }] of stored) {
        const bytes = bytesOf(tensors[name], half)
        rows.forEach((row, at) => {
          const part = bytes.subarray(at * rowBytes, (at + 1) * rowBytes)
          this.#host.memory.write(buffer, part, row * rowBytes)
        })
      }
    })
    await this.requireRoom()
  }

  copyRows(source: State, copies: readonly RowCopy[]): void {
    const stored = this.#live()
    if (!(source instanceof GpuState) || source.#host.memory !== this.#host.memory) {
      throw new GraphError('state: the source belongs to another backend. Copy it with readRows() and writeRows().')
    }
    source.#live()
    requireCopies(copies, source, this)
    if (source === this && copiesOverlap(copies)) return this.#copyStaged(copies)
    const all = [...stored].map(([name, { buffer, rowBytes }]) => ({ from: source.buffer(name), to: buffer, rowBytes }))
    const { memory, guard, rowCopies } = this.#host
    watch(memory, guard, [this.#room, source.#room], () => rowCopies.submit(all, copies))
  }

  resetRows(rows: readonly number[]): void {
    const stored = this.#live()
    requireTargets(rows, this)
    this.#submit((encoder) => {
      for (const { buffer, rowBytes } of stored.values()) {
        for (const row of rows) encoder.clearBuffer(buffer, row * rowBytes, rowBytes)
      }
    })
  }

  dispose(): void {
    for (const { buffer } of this.#stored?.values() ?? []) this.#host.memory.destroy(buffer)
    this.#stored = null
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
    const finish = this.watch(() => {
      const encoder = device.createCommandEncoder()
      const read = encodeReads(device, encoder, reads)
      device.queue.submit([encoder.finish()])
      return read
    })
    const values = await this.#host.guard.race(finish())
    await this.requireRoom()
    return Object.fromEntries([...this.tensors.keys()].map((name, index) => [name, values[index]]))
  }

  #submit(encode: (encoder: GPUCommandEncoder) => void): void {
    const { device } = this.#host.memory
    this.watch(() => {
      const encoder = device.createCommandEncoder()
      encode(encoder)
      device.queue.submit([encoder.finish()])
    })
  }

  #live(): ReadonlyMap<string, Stored> {
    this.#host.guard.check()
    if (!this.#stored) throw new DisposedError('state')
    if (this.#room.failure) throw this.#room.failure
    return this.#stored
  }
}

/** Nothing stays allocated if one of the tensors is too large. */
function storeAll(host: StateHost, tensors: StateTensors): Map<string, Stored> {
  const stored = new Map<string, Stored>()
  try {
    for (const [name, type] of tensors) stored.set(name, store(host, name, type))
    return stored
  } catch (error) {
    for (const { buffer } of stored.values()) host.memory.destroy(buffer)
    throw error
  }
}

function store({ memory, stateDtype }: StateHost, name: string, type: TensorType): Stored {
  const half = inHalves(type, stateDtype)
  const buffer = memory.create(`state ${name}`, storedBytes(type.shape, half))
  return { buffer, type, half, rowBytes: storedBytes(type.shape.slice(1), half) }
}

function bytesOf(data: NamedTensors[string], half: boolean): Uint8Array<ArrayBuffer> {
  const stored = half ? toHalves(data as Float32Array) : data
  return new Uint8Array(stored.buffer as ArrayBuffer, stored.byteOffset, stored.byteLength)
}
