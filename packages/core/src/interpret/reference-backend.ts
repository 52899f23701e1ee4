/** The interpreter behind the Backend interface: slow, in float64, on any machine. What every other backend is compared with. */
import type { Backend, CompileOptions, Program } from '../contract/backend.js'
import type { Graph } from '../contract/graph.js'
import type { State } from '../contract/state.js'
import { type NamedTensors, type TensorData, sizeOf } from '../contract/tensor.js'
import type { DeviceWeight, WeightData } from '../contract/weight.js'
import { DisposedError } from '../errors/disposed-error.js'
import { GraphError } from '../errors/graph-error.js'
import { check } from '../graph/check.js'
import { checkRepeat, repeatRuns } from '../program/repeat.js'
import { decodeWeight } from './decode-weight.js'
import { type Numbers64ByName, interpret } from './interpret.js'
import { requireInputs, requireWeight } from './require.js'
import type { Numbers64 } from './tensor64.js'

class ReferenceWeight implements DeviceWeight {
  disposed = false

  constructor(
    readonly type: WeightData['type'],
    readonly encoding: WeightData['encoding'],
    readonly values: Float64Array,
  ) {}

  get bytes(): number {
    return this.values.byteLength
  }

  dispose(): void {
    this.disposed = true
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

class ReferenceState implements State {
  #values: Record<string, Numbers64> | null

  constructor(values: Record<string, Numbers64>) {
    this.#values = values
  }

  get values(): Record<string, Numbers64> {
    if (this.#values) return this.#values
    throw new DisposedError('state')
  }

  set values(values: Record<string, Numbers64>) {
    this.#values = values
  }

  get bytes(): number {
    return Object.values(this.values).reduce((total, data) => total + data.byteLength, 0)
  }

  fork(): State {
    return new ReferenceState(mapValues(this.values, (data) => data.slice()))
  }

  async read(): Promise<NamedTensors> {
    return mapValues(this.values, single)
  }

  async write(tensors: NamedTensors): Promise<void> {
    requireSameNames(this.values, tensors)
    this.values = mapValues(this.values, (data, name) => double(tensors[name], data))
  }

  reset(): void {
    for (const data of Object.values(this.values)) data.fill(0)
  }

  dispose(): void {
    this.#values = null
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

/** The float64 backend. It supports every op and every encoding. */
export function reference(): Backend {
  let disposed = false
  const backend: Backend = {
    specVersion: 1,
    name: 'reference',
    limits: {
      maxWeightBytes: Number.MAX_SAFE_INTEGER,
      maxTotalBytes: Number.MAX_SAFE_INTEGER,
      encodings: ['f32', 'f16', 'q8'],
      preferredTokens: 128,
      description: 'float64 interpreter, one thread',
    },
    supports: () => true,
    async upload(weight) {
      requireWeight(weight)
      return new ReferenceWeight(weight.type, weight.encoding, decodeWeight(weight))
    },
    async compile(graph, options) {
      if (disposed) throw new DisposedError('backend reference')
      options.signal?.throwIfAborted()
      check(graph)
      return referenceProgram(graph, options)
    },
    dispose: () => void (disposed = true),
    [Symbol.dispose]: () => backend.dispose(),
  }
  return backend
}

function referenceProgram(graph: Graph, options: CompileOptions): Program {
  const weights = weightsOf(graph, options)
  const stats = { runs: 0, milliseconds: 0 }
  let disposed = false
  const program: Program = {
    graph,
    createState: () => new ReferenceState(zeroStates(graph)),
    async run(inputs, state, { signal, repeat } = {}) {
      if (disposed) throw new DisposedError(`program ${graph.name}`)
      signal?.throwIfAborted()
      if (repeat) checkRepeat(graph, repeat)
      const begin = performance.now()
      let values = statesOf(graph, state)
      const once = (given: NamedTensors) => {
        requireInputs(graph, given)
        const known: Record<string, Numbers64> = { ...weights }
        for (const { name, value } of graph.inputs) known[name] = double(given[name], kindOf(graph, value))
        const result = interpret(graph, known, values, options)
        values = result.states
        stats.runs++
        return mapValues(result.outputs, single)
      }
      const outputs = repeat ? repeatRuns(repeat, inputs, once) : once(inputs)
      if (state instanceof ReferenceState) state.values = { ...values }
      stats.milliseconds += performance.now() - begin
      return outputs
    },
    stats: () => ({ dispatches: graph.nodes.length, bytes: 0, kernels: {}, ...stats }),
    dispose: () => void (disposed = true),
    [Symbol.dispose]: () => program.dispose(),
  }
  return program
}

function weightsOf(graph: Graph, { weights }: CompileOptions): Numbers64ByName {
  return Object.fromEntries(
    graph.parameters.map(({ name }) => {
      const weight = weights[name]
      if (weight instanceof ReferenceWeight && weight.disposed) throw new DisposedError(`weight ${name}`)
      if (weight instanceof ReferenceWeight) return [name, weight.values]
      throw new GraphError(`compile: the weight ${name} was not uploaded to this backend.`)
    }),
  )
}

/** The numbers of a state of this backend that has what the graph needs. */
function statesOf(graph: Graph, state: State | null): Numbers64ByName {
  if (graph.states.length === 0) return {}
  if (!(state instanceof ReferenceState)) {
    throw new GraphError(`run: ${graph.name} needs a state of this backend. Make one with createState().`)
  }
  for (const { name, input } of graph.states) {
    const size = sizeOf(graph.types[input].shape)
    if (state.values[name]?.length === size) continue
    throw new GraphError(
      `run: expected ${size} numbers for the state ${name}, got ${state.values[name]?.length ?? 'nothing'}.`,
    )
  }
  return state.values
}

function zeroStates(graph: Graph): Record<string, Numbers64> {
  return Object.fromEntries(
    graph.states.map(({ name, input }) => {
      const size = sizeOf(graph.types[input].shape)
      return [name, kindOf(graph, input) instanceof Int32Array ? new Int32Array(size) : new Float64Array(size)]
    }),
  )
}

function kindOf(graph: Graph, value: number): Numbers64 {
  return graph.types[value].dtype === 'i32' ? new Int32Array() : new Float64Array()
}

function double(data: TensorData, like: Numbers64): Numbers64 {
  return like instanceof Int32Array ? Int32Array.from(data) : Float64Array.from(data)
}

function single(data: Numbers64): TensorData {
  return data instanceof Int32Array ? data.slice() : Float32Array.from(data)
}

function requireSameNames(expected: Record<string, Numbers64>, given: NamedTensors): void {
  for (const [name, data] of Object.entries(expected)) {
    if (given[name]?.length === data.length) continue
    throw new GraphError(`state: expected ${data.length} numbers for ${name}, got ${given[name]?.length ?? 'nothing'}.`)
  }
  const extra = Object.keys(given).find((name) => !(name in expected))
  if (extra) throw new GraphError(`state: there is no ${extra} in it.`)
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, each: (value: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, each(value, name)]))
}
