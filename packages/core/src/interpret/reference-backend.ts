/** The interpreter behind the Backend interface: slow, in float64, on any machine. What every other backend is compared with. */
import type { Backend, CompileOptions, Program } from '../contract/backend.js'
import type { Graph } from '../contract/graph.js'
import type { State } from '../contract/state.js'
import { type NamedTensors, type TensorData, sizeOf } from '../contract/tensor.js'
import type { DeviceWeight, WeightData } from '../contract/weight.js'
import { DisposedError } from '../errors/disposed-error.js'
import { GraphError } from '../errors/graph-error.js'
import { check } from '../graph/check.js'
import { checkCompileOptions } from '../program/compile-options.js'
import { checkRepeat, repeatRuns } from '../program/repeat.js'
import { stateTensors } from '../state/tensors.js'
import { decodeWeight } from './decode-weight.js'
import { type Numbers64ByName, interpret } from './interpret.js'
import { ReferenceState } from './reference-state.js'
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

/** The float64 backend. It supports every op and every encoding. */
export function reference(): Backend {
  let disposed = false
  const backend: Backend = {
    specVersion: 1,
    name: 'reference',
    limits: {
      maxWeightBytes: Number.MAX_SAFE_INTEGER,
      maxTotalBytes: Number.MAX_SAFE_INTEGER,
      encodings: ['f32', 'f16', 'q8', 'q4'],
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
      checkCompileOptions(options)
      options.signal?.throwIfAborted()
      check(graph)
      options.onProgress?.(0, graph.nodes.length)
      const program = referenceProgram(graph, options)
      options.onProgress?.(graph.nodes.length, graph.nodes.length)
      return program
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
    createState: () => new ReferenceState(stateTensors(graph)),
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
      // copies: a next value may be a weight, or that of two states
      if (state instanceof ReferenceState) state.values = mapValues(values, (data) => data.slice())
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

function kindOf(graph: Graph, value: number): Numbers64 {
  return graph.types[value].dtype === 'i32' ? new Int32Array() : new Float64Array()
}

function double(data: TensorData, like: Numbers64): Numbers64 {
  return like instanceof Int32Array ? Int32Array.from(data) : Float64Array.from(data)
}

function single(data: Numbers64): TensorData {
  return data instanceof Int32Array ? data.slice() : Float32Array.from(data)
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, each: (value: A, name: string) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, each(value, name)]))
}
