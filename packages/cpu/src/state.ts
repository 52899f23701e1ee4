/** A state in linear memory: one block that programs update in place. */
import { DisposedError, GraphError, type NamedTensors, type State, type TensorData, sizeOf } from '@retnet/core'
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

  fork(): CpuState {
    this.requireAlive()
    const copy = new CpuState(this.engine, this.layout)
    this.engine.bytes(copy.address, this.bytes).set(this.engine.bytes(this.address, this.bytes))
    return copy
  }

  async read(): Promise<NamedTensors> {
    this.requireAlive()
    return Object.fromEntries([...this.layout.tensors].map(([name, tensor]) => [name, this.#view(tensor).slice()]))
  }

  async write(tensors: NamedTensors): Promise<void> {
    this.requireAlive()
    const extra = Object.keys(tensors).find((name) => !this.layout.tensors.has(name))
    if (extra !== undefined) throw new GraphError(`state: there is no tensor ${extra} in it.`)
    for (const [name, tensor] of this.layout.tensors) checkTensor(name, tensor, tensors[name])
    for (const [name, tensor] of this.layout.tensors) this.#view(tensor).set(tensors[name])
  }

  reset(): void {
    this.requireAlive()
    this.engine.bytes(this.address, this.bytes).fill(0)
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
}

function checkTensor(name: string, { type }: StateTensor, data: TensorData | undefined): void {
  const kind = type.dtype === 'i32' ? Int32Array : Float32Array
  const size = sizeOf(type.shape)
  if (data instanceof kind && data.length === size) return
  const actual = data === undefined ? 'nothing' : `${data.length} in a ${data.constructor.name}`
  throw new GraphError(`state: expected ${size} numbers in a ${kind.name} for ${name}, got ${actual}.`)
}
