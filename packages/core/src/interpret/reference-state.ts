/** A state of the reference backend: plain arrays by name. */
import type { RowCopy, State } from '../contract/state.js'
import { type NamedTensors, type TensorData, sizeOf } from '../contract/tensor.js'
import { DisposedError } from '../errors/disposed-error.js'
import { GraphError } from '../errors/graph-error.js'
import { requireCopies, requireRows, requireTargets, rowsOf, withRows } from '../state/rows.js'
import { type StateTensors, requireTensors } from '../state/tensors.js'
import type { Numbers64 } from './tensor64.js'

export class ReferenceState implements State {
  readonly tensors: StateTensors
  readonly rows: number
  #values: Readonly<Record<string, Numbers64>> | null

  constructor(tensors: StateTensors) {
    this.tensors = tensors
    this.rows = rowsOf(tensors)
    const zeros = [...tensors].map(([name, { dtype, shape }]): [string, Numbers64] => {
      return [name, dtype === 'i32' ? new Int32Array(sizeOf(shape)) : new Float64Array(sizeOf(shape))]
    })
    this.#values = Object.fromEntries(zeros)
  }

  get values(): Readonly<Record<string, Numbers64>> {
    if (this.#values) return this.#values
    throw new DisposedError('state')
  }

  set values(values: Readonly<Record<string, Numbers64>>) {
    this.#values = values
  }

  get bytes(): number {
    return Object.values(this.values).reduce((total, data) => total + data.byteLength, 0)
  }

  fork(): State {
    const copy = new ReferenceState(this.tensors)
    for (const [name, data] of Object.entries(this.values)) copy.values[name].set(data)
    return copy
  }

  async read(): Promise<NamedTensors> {
    return this.#gather((data) => data)
  }

  async write(tensors: NamedTensors): Promise<void> {
    const { values } = this
    requireTensors(this.tensors, tensors)
    for (const [name, data] of Object.entries(values)) data.set(tensors[name])
  }

  reset(): void {
    for (const data of Object.values(this.values)) data.fill(0)
  }

  async readRows(rows: readonly number[]): Promise<NamedTensors> {
    requireRows(rows, this)
    return this.#gather((data) => rows.flatMap((row) => [...this.#row(data, row)]))
  }

  async writeRows(rows: readonly number[], tensors: NamedTensors): Promise<void> {
    const { values } = this
    requireTargets(rows, this)
    requireTensors(withRows(this.tensors, rows.length), tensors)
    for (const [name, data] of Object.entries(values)) {
      const size = data.length / this.rows
      rows.forEach((row, at) => this.#row(data, row).set(tensors[name].subarray(at * size, (at + 1) * size)))
    }
  }

  copyRows(source: State, copies: readonly RowCopy[]): void {
    if (!(source instanceof ReferenceState)) throw new GraphError('state: the source belongs to another backend.')
    requireCopies(copies, source, this)
    for (const [name, data] of Object.entries(this.values)) {
      const taken = copies.map(({ from }) => source.#row(source.values[name], from).slice())
      copies.forEach(({ to }, at) => this.#row(data, to).set(taken[at]))
    }
  }

  resetRows(rows: readonly number[]): void {
    const { values } = this
    requireTargets(rows, this)
    for (const data of Object.values(values)) for (const row of rows) this.#row(data, row).fill(0)
  }

  dispose(): void {
    this.#values = null
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #row(data: Numbers64, row: number): Numbers64 {
    const size = data.length / this.rows
    return data.subarray(row * size, (row + 1) * size)
  }

  #gather(take: (data: Numbers64) => ArrayLike<number>): NamedTensors {
    const single = ([name, data]: [string, Numbers64]): [string, TensorData] => {
      return [name, data instanceof Int32Array ? Int32Array.from(take(data)) : Float32Array.from(take(data))]
    }
    return Object.fromEntries(Object.entries(this.values).map(single))
  }
}
