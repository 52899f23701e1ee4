/** A state in linear memory: one block that programs update in place. */
import {
  DisposedError,
  GraphError,
  type NamedTensors,
  type RowCopy,
  type State,
  type StateTensors,
  type TensorData,
  copiesOverlap,
  requireCopies,
  requireRows,
  requireTargets,
  requireTensors,
  sizeOf,
  withRows,
} from '@retnet/core'
import type { Engine } from './memory/engine.js'
import type { StateLayout, StateTensor } from './state-layout.js'

export class CpuState implements State {
  readonly engine: Engine
  readonly layout: StateLayout
  readonly address: number
  #disposed = false

  constructor(engine: Engine, layout: StateLayout) {
    this.engine = engine
    this.layout = layout
    this.address = engine.allocate(layout.bytes, `state of ${layout.tensors.size} tensors`)
    this.reset()
  }

  get bytes(): number {
    return this.layout.bytes
  }

  get rows(): number {
    return this.layout.rows
  }

  get tensors(): StateTensors {
    return this.layout.types
  }

  fork(): CpuState {
    this.requireAlive()
    const copy = new CpuState(this.engine, this.layout)
    this.engine.bytes(copy.address, this.bytes).set(this.engine.bytes(this.address, this.bytes))
    return copy
  }

  async read(): Promise<NamedTensors> {
    this.requireAlive()
    return this.#each((tensor) => this.#view(tensor).slice())
  }

  async write(tensors: NamedTensors): Promise<void> {
    this.requireAlive()
    requireTensors(this.tensors, tensors)
    for (const [name, tensor] of this.layout.tensors) this.#view(tensor).set(tensors[name])
  }

  reset(): void {
    this.requireAlive()
    this.engine.bytes(this.address, this.bytes).fill(0)
  }

  async readRows(rows: readonly number[]): Promise<NamedTensors> {
    this.requireAlive()
    requireRows(rows, this)
    return this.#each((tensor) => {
      const size = this.#rowSize(tensor)
      const result =
        tensor.type.dtype === 'i32' ? new Int32Array(size * rows.length) : new Float32Array(size * rows.length)
      rows.forEach((row, at) => result.set(this.#row(tensor, row), at * size))
      return result
    })
  }

  async writeRows(rows: readonly number[], tensors: NamedTensors): Promise<void> {
    this.requireAlive()
    requireTargets(rows, this)
    requireTensors(withRows(this.tensors, rows.length), tensors)
    for (const [name, tensor] of this.layout.tensors) {
      const size = this.#rowSize(tensor)
      rows.forEach((row, at) => this.#row(tensor, row).set(tensors[name].subarray(at * size, (at + 1) * size)))
    }
  }

  copyRows(source: State, copies: readonly RowCopy[]): void {
    this.requireAlive()
    if (!(source instanceof CpuState) || source.engine !== this.engine) {
      throw new GraphError('state: the source belongs to another backend. Copy it with readRows() and writeRows().')
    }
    source.requireAlive()
    requireCopies(copies, source, this)
    const staged = source === this && copiesOverlap(copies)
    for (const [name, tensor] of this.layout.tensors) {
      const taken = copies.map(({ from }) => source.#row(source.layout.tensors.get(name)!, from))
      const read = staged ? taken.map((data) => data.slice()) : taken
      copies.forEach(({ to }, at) => this.#row(tensor, to).set(read[at]))
    }
  }

  resetRows(rows: readonly number[]): void {
    this.requireAlive()
    requireTargets(rows, this)
    for (const tensor of this.layout.tensors.values()) for (const row of rows) this.#row(tensor, row).fill(0)
  }

  requireAlive(): void {
    if (this.#disposed) throw new DisposedError('a state')
    this.engine.requireAlive()
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.engine.free(this.address)
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #view({ type, offset }: StateTensor): TensorData {
    const size = sizeOf(type.shape)
    const at = this.address + offset
    return type.dtype === 'i32' ? this.engine.integers(at, size) : this.engine.floats(at, size)
  }

  #row(tensor: StateTensor, row: number): TensorData {
    const size = this.#rowSize(tensor)
    return this.#view(tensor).subarray(row * size, (row + 1) * size)
  }

  #rowSize({ type }: StateTensor): number {
    return sizeOf(type.shape.slice(1))
  }

  #each(take: (tensor: StateTensor) => TensorData): NamedTensors {
    return Object.fromEntries([...this.layout.tensors].map(([name, tensor]) => [name, take(tensor)]))
  }
}
