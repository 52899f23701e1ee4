/** A state of this backend. What is asked of it waits for the runs that were called before. */
import {
  DisposedError,
  type Graph,
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
  rowsOf,
  showType,
  sizeOf,
  stateTensors,
  withRows,
} from '@retnet/core'
import type { Host } from './host.js'
import type { StateTensor } from './state-tensor.js'

export class OnnxState implements State {
  readonly rows: number
  readonly bytes: number
  readonly tensors: StateTensors
  readonly host: Host
  #held: ReadonlyMap<string, StateTensor> | null

  constructor(host: Host, tensors: StateTensors) {
    this.host = host
    this.tensors = tensors
    this.rows = rowsOf(tensors)
    this.bytes = [...tensors.values()].reduce((total, { shape }) => total + sizeOf(shape) * 4, 0)
    this.#held = new Map([...tensors].map(([name, type]) => [name, host.createTensor(type)]))
  }

  get held(): ReadonlyMap<string, StateTensor> {
    this.host.requireAlive()
    if (this.#held) return this.#held
    throw new DisposedError('a state')
  }

  /** True when a program of this graph can run on the state. */
  fits(graph: Graph): boolean {
    const wanted = stateTensors(graph)
    const same = ([name, type]: [string, { shape: readonly number[]; dtype: 'f32' | 'i32' }]) => {
      const own = this.tensors.get(name)
      return own !== undefined && showType(own) === showType(type)
    }
    return wanted.size === this.tensors.size && [...wanted].every(same)
  }

  fork(): OnnxState {
    const { held } = this
    const copy = new OnnxState(this.host, this.tensors)
    const target = copy.held
    this.host.queue.post(() => {
      for (const [name, tensor] of held) {
        target.get(name)!.copy(tensor, [{ from: 0, to: 0, size: sizeOf(tensor.type.shape) }], false)
      }
    })
    return copy
  }

  async read(): Promise<NamedTensors> {
    const { held } = this
    return this.host.queue.run(() => each(held, (tensor) => tensor.read()))
  }

  async write(tensors: NamedTensors): Promise<void> {
    const { held } = this
    requireTensors(this.tensors, tensors)
    const own = copyOf(tensors)
    return this.host.queue.run(async () => {
      for (const [name, tensor] of held) tensor.write(own[name], 0)
    })
  }

  reset(): void {
    const { held } = this
    this.host.queue.post(() => {
      for (const tensor of held.values()) tensor.clear(0, sizeOf(tensor.type.shape))
    })
  }

  async readRows(rows: readonly number[]): Promise<NamedTensors> {
    const { held } = this
    requireRows(rows, this)
    return this.host.queue.run(() =>
      each(held, async (tensor) => {
        const [all, size] = [await tensor.read(), rowSize(tensor)]
        const picked =
          all instanceof Int32Array ? new Int32Array(size * rows.length) : new Float32Array(size * rows.length)
        rows.forEach((row, at) => picked.set(all.subarray(row * size, (row + 1) * size), at * size))
        return picked
      }),
    )
  }

  async writeRows(rows: readonly number[], tensors: NamedTensors): Promise<void> {
    const { held } = this
    requireTargets(rows, this)
    requireTensors(withRows(this.tensors, rows.length), tensors)
    const own = copyOf(tensors)
    return this.host.queue.run(async () => {
      for (const [name, tensor] of held) {
        const size = rowSize(tensor)
        rows.forEach((row, at) => tensor.write(own[name].subarray(at * size, (at + 1) * size), row * size))
      }
    })
  }

  copyRows(source: State, copies: readonly RowCopy[]): void {
    const { held } = this
    if (!(source instanceof OnnxState) || source.host !== this.host) {
      throw new GraphError('state: the source belongs to another backend. Copy it with readRows() and writeRows().')
    }
    const from = source.held
    requireCopies(copies, source, this)
    const staged = source === this && copiesOverlap(copies)
    this.host.queue.post(() => {
      for (const [name, tensor] of held) {
        const size = rowSize(tensor)
        const spans = copies.map((copy) => ({ from: copy.from * size, to: copy.to * size, size }))
        tensor.copy(from.get(name)!, spans, staged)
      }
    })
  }

  resetRows(rows: readonly number[]): void {
    const { held } = this
    requireTargets(rows, this)
    this.host.queue.post(() => {
      for (const tensor of held.values()) for (const row of rows) tensor.clear(row * rowSize(tensor), rowSize(tensor))
    })
  }

  dispose(): void {
    const held = this.#held
    this.#held = null
    if (held) this.host.queue.post(() => held.forEach((tensor) => tensor.dispose()))
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

function rowSize({ type }: StateTensor): number {
  return sizeOf(type.shape.slice(1))
}

function copyOf(tensors: NamedTensors): Record<string, TensorData> {
  return Object.fromEntries(Object.entries(tensors).map(([name, data]) => [name, data.slice()]))
}

async function each(
  held: ReadonlyMap<string, StateTensor>,
  read: (tensor: StateTensor) => Promise<TensorData>,
): Promise<NamedTensors> {
  const entries = [...held].map(async ([name, tensor]) => [name, await read(tensor)] as const)
  return Object.fromEntries(await Promise.all(entries))
}
