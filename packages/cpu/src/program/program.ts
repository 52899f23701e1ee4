/** A compiled graph: checks its inputs, runs its tape in one call, copies its outputs. */
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
  checkInputs,
  checkRepeat,
  inputRules,
  repeatRuns,
} from '@retnet/core'
import { roundUp } from '../memory/allocator.js'
import type { Engine } from '../memory/engine.js'
import { arrange } from '../plan/arrange.js'
import type { Lowering } from '../plan/lowering.js'
import type { Place } from '../plan/record.js'
import { makeSchedule } from '../plan/schedule.js'
import type { StateLayout } from '../state-layout.js'
import { CpuState } from '../state.js'
import type { CpuWeight } from '../weight.js'
import { Tape } from './tape.js'

/** Multiply-adds (some 10 microseconds) of a whole run below which helper threads are left asleep. */
const worthThreads = 100_000

export class CpuProgram implements Program {
  readonly graph: Graph
  readonly #engine: Engine
  readonly #layout: StateLayout
  readonly #weights: readonly CpuWeight[]
  readonly #constants: readonly number[]
  readonly #rules: readonly InputRule[]
  readonly #inputs: readonly Place[]
  readonly #outputs: readonly Place[]
  readonly #arena: { address: number; bytes: number }
  readonly #tape: Tape
  readonly #shared: boolean
  readonly #kernels: Record<string, number> = {}
  readonly #bytes: number
  #runs = 0
  #milliseconds = 0
  #disposed = false

  constructor(l: Lowering, layout: StateLayout, weights: readonly CpuWeight[]) {
    this.graph = l.graph
    this.#engine = l.engine
    this.#layout = layout
    this.#weights = weights
    this.#constants = l.constants
    this.#rules = inputRules(l.graph)
    this.#inputs = l.placeAll(l.graph.inputs)
    this.#outputs = l.placeAll(l.graph.outputs)
    const early = this.#inputs.map(({ buffer }) => buffer)
    const bytes = arrange(
      l.calls,
      early,
      this.#outputs.map(({ buffer }) => buffer),
    )
    l.engine.requireScratch(l.calls.reduce((most, { scratch }) => Math.max(most, scratch), 0))
    this.#arena = { address: l.engine.allocate(bytes, `activations of program ${l.graph.name}`), bytes }
    this.#tape = this.#makeTape(l)
    const work = l.calls.reduce((total, call) => total + call.work, 0)
    this.#shared = l.engine.threads > 1 && work >= worthThreads
    this.#bytes = roundUp(bytes) + l.constantBytes + this.#tape.bytes
    for (const { name } of l.calls) this.#kernels[name] = (this.#kernels[name] ?? 0) + 1
    for (const weight of weights) weight.retain()
  }

  createState(): CpuState {
    this.#requireAlive()
    return new CpuState(this.#engine, this.#layout)
  }

  async run(inputs: NamedTensors, state: State | null, { signal, repeat }: RunOptions = {}): Promise<NamedTensors> {
    signal?.throwIfAborted()
    this.#requireAlive()
    const stateAddress = this.#checkState(state)
    if (!repeat) return this.#runOnce(inputs, stateAddress)
    checkRepeat(this.graph, repeat)
    const before = this.#engine.bytes(stateAddress, this.#layout.bytes).slice()
    try {
      return repeatRuns(repeat, inputs, (given) => this.#runOnce(given, stateAddress))
    } catch (error) {
      this.#engine.bytes(stateAddress, this.#layout.bytes).set(before)
      throw error
    }
  }

  #runOnce(inputs: NamedTensors, stateAddress: number): NamedTensors {
    checkInputs(this.#rules, inputs)
    const begin = performance.now()
    if (this.#engine.poison) this.#engine.fillPoison(this.#arena.address, this.#arena.bytes)
    for (const [index, { name }] of this.#rules.entries())
      this.#view(index, this.#inputs, stateAddress).set(inputs[name])
    this.#tape.useState(stateAddress)
    this.#engine.run(this.#tape.address, this.#tape.count, this.#tape.parts, this.#shared)
    const outputs = this.#readOutputs(stateAddress)
    this.#runs++
    this.#milliseconds += performance.now() - begin
    return outputs
  }

  stats(): ProgramStats {
    return {
      dispatches: this.#tape.count,
      bytes: this.#bytes,
      kernels: { ...this.#kernels },
      runs: this.#runs,
      milliseconds: this.#milliseconds,
    }
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    for (const address of this.#constants) this.#engine.free(address)
    this.#engine.free(this.#arena.address)
    this.#tape.dispose()
    for (const weight of this.#weights) weight.release()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #makeTape(l: Lowering): Tape {
    try {
      return new Tape(l.engine, l.calls, makeSchedule(l.calls, l.engine.threads), this.#arena.address, l.graph.name)
    } catch (error) {
      l.engine.free(this.#arena.address)
      throw error
    }
  }

  #requireAlive(): void {
    if (this.#disposed) throw new DisposedError('a program')
    this.#engine.requireAlive()
  }

  #checkState(state: State | null): number {
    if (state === null) {
      if (this.#layout.tensors.size === 0) return 0
      throw new GraphError(`run: ${this.graph.name} needs a state. Make one with createState().`)
    }
    if (!(state instanceof CpuState) || state.engine !== this.#engine) {
      throw new GraphError('run: the state belongs to another backend. Copy it with read() and write().')
    }
    state.requireAlive()
    if (state.layout.signature === this.#layout.signature) return state.address
    throw new GraphError(
      `run: expected a state of { ${this.#layout.signature} }, got one of { ${state.layout.signature} }.`,
    )
  }

  #readOutputs(state: number): NamedTensors {
    return Object.fromEntries(
      this.graph.outputs.map(({ name }, index) => [name, this.#view(index, this.#outputs, state, true).slice()]),
    )
  }

  #view(index: number, places: readonly Place[], state: number, output = false): Float32Array | Int32Array {
    const { value } = (output ? this.graph.outputs : this.graph.inputs)[index]
    const { dtype, shape } = this.graph.types[value]
    const size = shape.reduce((product, extent) => product * extent, 1)
    const address = this.#tape.addressOf(places[index], state)
    return dtype === 'i32' ? this.#engine.integers(address, size) : this.#engine.floats(address, size)
  }
}
