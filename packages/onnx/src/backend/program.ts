/** A graph as a session of the runtime. */
import {
  DisposedError,
  type Graph,
  GraphError,
  type InputRule,
  type NamedTensors,
  type Program,
  type ProgramStats,
  type RunOptions,
  type State,
  type TensorData,
  checkInputs,
  checkRepeat,
  inputRules,
  stateTensors,
} from '@retnet/core'
import { stateNames } from '../emit/emit-graph.js'
import { OnnxRuntimeError } from '../errors.js'
import type { Host } from './host.js'
import { type OrtTensor, type OrtTensors, dataOf, emptyData, makeTensor } from './ort.js'
import { repeatAsync } from './repeat.js'
import type { SessionLease } from './sessions.js'
import { OnnxState } from './state.js'

export class OnnxProgram implements Program {
  readonly graph: Graph
  readonly #host: Host
  readonly #lease: SessionLease
  readonly #rules: readonly InputRule[]
  #runs = 0
  #milliseconds = 0
  #disposed = false

  constructor(host: Host, graph: Graph, lease: SessionLease) {
    this.graph = graph
    this.#host = host
    this.#lease = lease
    this.#rules = inputRules(graph)
  }

  createState(): State {
    this.#requireAlive()
    return new OnnxState(this.#host, stateTensors(this.graph))
  }

  /** Between the runs of a repetition the signal is looked at too; the state is then as it was before the first. */
  async run(inputs: NamedTensors, state: State | null, { signal, repeat }: RunOptions = {}): Promise<NamedTensors> {
    signal?.throwIfAborted()
    this.#requireAlive()
    const own = this.#checkState(state)
    checkInputs(this.#rules, inputs)
    if (repeat) checkRepeat(this.graph, repeat)
    const given = copyOf(inputs)
    return this.#host.queue.run(async () => {
      signal?.throwIfAborted()
      const begin = performance.now()
      const outputs = repeat
        ? await repeatAsync(repeat, given, own, signal, (next) => this.#runOnce(next, own))
        : await this.#runOnce(given, own)
      this.#milliseconds += performance.now() - begin
      return outputs
    })
  }

  stats(): ProgramStats {
    const { nodes, bytes, kernels } = this.#lease.session
    return { dispatches: nodes, bytes, kernels, runs: this.#runs, milliseconds: this.#milliseconds }
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#lease.release()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  async #runOnce(inputs: NamedTensors, state: OnnxState | null): Promise<Record<string, TensorData>> {
    const feeds: OrtTensors = {}
    const fetches: Record<string, OrtTensor | null> = {}
    const { inPlace } = this.#host.provider
    for (const { name, value } of this.graph.inputs) feeds[name] = this.#tensor(inputs[name], value)
    for (const { name, value } of this.graph.outputs) {
      fetches[name] = inPlace ? this.#tensor(emptyData(this.graph.types[value]), value) : null
    }
    for (const [name, tensor] of state?.held ?? []) {
      const port = stateNames(name)
      feeds[port.input] = tensor.before
      fetches[port.output] = tensor.after
    }
    const results = await this.#call(feeds, fetches)
    for (const [name, tensor] of state?.held ?? []) tensor.advance(results[stateNames(name).output])
    this.#runs++
    return Object.fromEntries(this.graph.outputs.map(({ name }) => [name, dataOf(fetches[name] ?? results[name])]))
  }

  async #call(feeds: OrtTensors, fetches: Record<string, OrtTensor | null>): Promise<OrtTensors> {
    try {
      return await this.#lease.session.run(feeds, fetches)
    } catch (error) {
      throw new OnnxRuntimeError(`run: ${this.graph.name}`, error)
    }
  }

  #tensor(data: TensorData, value: number): OrtTensor {
    return makeTensor(this.#host.ort, data, this.graph.types[value].shape)
  }

  #checkState(state: State | null): OnnxState | null {
    if (this.graph.states.length === 0) return null
    if (!(state instanceof OnnxState) || state.host !== this.#host) {
      const what = state === null ? 'nothing' : 'a state of another backend'
      throw new GraphError(`${this.graph.name}: expected a state made by this program, got ${what}. Use createState().`)
    }
    if (state.held && state.fits(this.graph)) return state
    throw new GraphError(`${this.graph.name}: the state belongs to a graph with other states. Use createState().`)
  }

  #requireAlive(): void {
    this.#host.requireAlive()
    if (this.#disposed) throw new DisposedError('a program')
  }
}

function copyOf(inputs: NamedTensors): NamedTensors {
  return Object.fromEntries(Object.entries(inputs).map(([name, data]) => [name, data.slice()]))
}
