/** A compiled graph: a flat list of dispatches over planned buffers, encoded anew for each run in one pass. */
import {
  ArgumentError,
  DisposedError,
  type Graph,
  GraphError,
  type InputRule,
  type NamedTensors,
  type NamedValue,
  type Program,
  type ProgramStats,
  type Repeat,
  type RunOptions,
  type State,
  type TensorData,
  checkInputs,
  checkRepeat,
  inputRules,
  sizeOf,
  stateTensors,
} from '@retnet/core'
import type { Kernel, Slot } from './compile/kernel.js'
import { type Lowered, resolve } from './compile/lower.js'
import type { Plan } from './compile/plan.js'
import { GpuState, type StateHost } from './memory/gpu-state.js'
import type { GpuWeight } from './memory/gpu-weight.js'
import { type KernelTime, timeKernels } from './time-kernels.js'
import { type BufferToRead, encodeReads } from './memory/read-buffers.js'
import { StackedReads } from './memory/stacked-reads.js'

export interface ProgramParts extends StateHost {
  readonly graph: Graph
  readonly lowered: Lowered
  readonly plan: Plan
  readonly pipelines: readonly GPUComputePipeline[]
  readonly weights: Readonly<Record<string, GpuWeight>>
  readonly poison: boolean
}

export interface RunMany {
  /** Outputs of the last run. */
  readonly outputs: NamedTensors
  /** What the host spent until the device had all its work. */
  readonly encodeMilliseconds: number
}

/** Kernels of a repeated run that one submit has at most. */
const kernelsPerSubmit = 1000

export class GpuProgram implements Program {
  readonly graph: Graph
  readonly #parts: ProgramParts
  readonly #stateless: GPUBindGroup[] = []
  readonly #ofState = new WeakMap<GpuState, readonly GPUBindGroup[]>()
  readonly #states: ReadonlyMap<number, string>
  readonly #rules: readonly InputRule[]
  #runs = 0
  #milliseconds = 0
  #disposed = false

  constructor(parts: ProgramParts) {
    this.graph = parts.graph
    this.#parts = parts
    this.#rules = inputRules(parts.graph)
    for (const weight of Object.values(parts.weights)) weight.retain()
    this.#states = new Map(parts.graph.states.map(({ name, input }) => [input, name]))
  }

  createState(): State {
    this.#live()
    const { memory, guard, rowCopies, stateDtype } = this.#parts
    return new GpuState({ memory, guard, rowCopies, stateDtype }, stateTensors(this.graph))
  }

  async run(inputs: NamedTensors, state: State | null, { signal, repeat }: RunOptions = {}): Promise<NamedTensors> {
    signal?.throwIfAborted()
    this.#live()
    const own = this.#checkState(state)
    checkInputs(this.#rules, inputs)
    if (repeat) checkRepeat(this.graph, repeat)
    const begin = performance.now()
    this.#writeInputs(inputs)
    const submit = () => (repeat ? this.#submitRepeated(own, repeat) : this.#submit(own))
    const values = await this.#finish(own, own ? own.watch(submit) : submit())
    this.#runs += repeat?.times ?? 1
    this.#milliseconds += performance.now() - begin
    return Object.fromEntries(this.#returned(repeat).map(({ name }, index) => [name, values[index]]))
  }

  /** For measurements: so many runs with the same inputs, each from the state that the one before left, and one read-back. */
  async runMany(inputs: NamedTensors, state: State | null, times: number): Promise<RunMany> {
    const whole = Number.isInteger(times) && times > 0
    if (!whole) throw new ArgumentError({ argument: 'times', expected: 'a whole number from 1', actual: times })
    this.#live()
    const own = this.#checkState(state)
    checkInputs(this.#rules, inputs)
    const begin = performance.now()
    this.#writeInputs(inputs)
    const submit = () => this.#submitMany(own, times)
    const finish = own ? own.watch(submit) : submit()
    const encodeMilliseconds = performance.now() - begin
    const values = await this.#finish(own, finish)
    this.#runs += times
    this.#milliseconds += performance.now() - begin
    return {
      outputs: Object.fromEntries(this.graph.outputs.map(({ name }, index) => [name, values[index]])),
      encodeMilliseconds,
    }
  }

  /** For measurements: runs the kernels of each kind together, `repeat` times, so the state is of no use afterwards. */
  async timeKernels(state: State | null, repeat = 4): Promise<KernelTime[]> {
    this.#live()
    const own = this.#checkState(state)
    const groups = this.#bindGroups(own)
    const timed = this.#parts.lowered.kernels.map((kernel, index) => ({
      kernel,
      pipeline: this.#parts.pipelines[index],
      group: groups[index],
      bytes: kernel.bindings.reduce((total, { slot }) => total + this.#lastingBytes(slot, own), 0),
    }))
    return this.#parts.guard.race(timeKernels(this.#parts.memory.device, timed, repeat))
  }

  stats(): ProgramStats {
    const kernels: Record<string, number> = {}
    for (const { name } of this.#parts.lowered.kernels) kernels[name] = (kernels[name] ?? 0) + 1
    return {
      dispatches: this.#parts.lowered.kernels.length,
      bytes: this.#parts.plan.bytes,
      kernels,
      runs: this.#runs,
      milliseconds: this.#milliseconds,
    }
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#parts.plan.dispose()
    for (const weight of Object.values(this.#parts.weights)) weight.release()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  async #finish(state: GpuState | null, finish: () => Promise<TensorData[]>): Promise<TensorData[]> {
    const values = await this.#parts.guard.race(finish())
    await state?.requireRoom()
    return values
  }

  #writeInputs(inputs: NamedTensors): void {
    const { memory, plan } = this.#parts
    if (this.#parts.poison) for (const buffer of plan.activations) memory.poison(buffer)
    for (const { name, value } of this.graph.inputs) {
      memory.write(plan.buffer({ kind: 'value', value }), inputs[name] as ArrayBufferView<ArrayBuffer>)
    }
  }

  #submit(state: GpuState | null) {
    const { device } = this.#parts.memory
    const encoder = device.createCommandEncoder()
    this.#encode(encoder, state)
    const finish = encodeReads(
      device,
      encoder,
      this.#returned().map(({ value }) => this.#outputOf(value, state)),
    )
    device.queue.submit([encoder.finish()])
    return finish
  }

  /** All runs without a word from the host in between; the device starts while later runs are being encoded. */
  #submitRepeated(state: GpuState | null, repeat: Repeat) {
    const { memory } = this.#parts
    const returned = this.#returned(repeat).map(({ value }) => this.#outputOf(value, state))
    const reads = new StackedReads(memory.device, returned, repeat.times)
    for (let run = 0, size = 1; run < repeat.times; size = Math.min(2 * size, this.#runsPerSubmit)) {
      const encoder = memory.device.createCommandEncoder()
      const end = Math.min(run + size, repeat.times)
      for (; run < end; run++) {
        this.#encode(encoder, state)
        reads.encode(encoder, run)
        this.#encodeCarry(encoder, state, repeat)
      }
      memory.device.queue.submit([encoder.finish()])
    }
    return () => reads.finish()
  }

  #encodeCarry(encoder: GPUCommandEncoder, state: GpuState | null, { carry = {} }: Repeat): void {
    for (const [from, to] of Object.entries(carry)) {
      const { buffer, type } = this.#outputOf(this.graph.outputs.find(({ name }) => name === from)!.value, state)
      const { value } = this.graph.inputs.find(({ name }) => name === to)!
      const target = this.#parts.plan.buffer({ kind: 'value', value })
      const bytes = sizeOf(type.shape) * 4
      if (buffer !== target && bytes > 0) encoder.copyBufferToBuffer(buffer, 0, target, 0, bytes)
    }
  }

  /** Outputs that a run gives back. */
  #returned(repeat?: Repeat): readonly NamedValue[] {
    return this.graph.outputs.filter(({ name }) => !Object.hasOwn(repeat?.carry ?? {}, name))
  }

  #outputOf(value: number, state: GpuState | null): BufferToRead {
    const slot = this.#outputSlot(resolve(this.#parts.lowered.aliases, value))
    return { buffer: this.#buffer(slot, state), type: this.graph.types[value] }
  }

  #encode(encoder: GPUCommandEncoder, state: GpuState | null, runs = 1): void {
    const { lowered, pipelines } = this.#parts
    const groups = this.#bindGroups(state)
    const pass = encoder.beginComputePass()
    for (let run = 0; run < runs; run++) {
      lowered.kernels.forEach(({ workgroups }, index) => {
        pass.setPipeline(pipelines[index])
        pass.setBindGroup(0, groups[index])
        pass.dispatchWorkgroups(...workgroups)
      })
    }
    pass.end()
  }

  #submitMany(state: GpuState | null, times: number) {
    const { device } = this.#parts.memory
    let encoder = device.createCommandEncoder()
    let left = times
    for (let runs = 1; left > runs; runs = Math.min(2 * runs, this.#runsPerSubmit)) {
      this.#encode(encoder, state, runs)
      device.queue.submit([encoder.finish()])
      encoder = device.createCommandEncoder()
      left -= runs
    }
    this.#encode(encoder, state, left)
    const finish = encodeReads(
      device,
      encoder,
      this.#returned().map(({ value }) => this.#outputOf(value, state)),
    )
    device.queue.submit([encoder.finish()])
    return finish
  }

  /** Submits grow up to this, so that the device starts early and rarely waits for the next one. */
  get #runsPerSubmit(): number {
    return Math.max(1, Math.floor(kernelsPerSubmit / Math.max(1, this.#parts.lowered.kernels.length)))
  }

  /** Bytes of weights, and of states twice. */
  #lastingBytes(slot: Slot, state: GpuState | null): number {
    if (slot.kind === 'weight') return this.#buffer(slot, state).size
    return slot.kind === 'value' && this.#states.has(slot.value) ? 2 * this.#buffer(slot, state).size : 0
  }

  #outputSlot(value: number): Slot {
    const parameter = this.graph.parameters.find((candidate) => candidate.value === value)
    return parameter ? { kind: 'weight', name: parameter.name, part: 'data', piece: 0 } : { kind: 'value', value }
  }

  /** Bind groups in the order of the kernels; those that touch no state are made once for all states. */
  #bindGroups(state: GpuState | null): readonly GPUBindGroup[] {
    const known = state && this.#ofState.get(state)
    if (known) return known
    const groups = this.#parts.lowered.kernels.map((made, index) => {
      const stateful = made.bindings.some(({ slot }) => slot.kind === 'value' && this.#states.has(slot.value))
      if (!stateful) return (this.#stateless[index] ??= this.#bindGroup(made, index, null))
      return this.#bindGroup(made, index, state)
    })
    if (state) this.#ofState.set(state, groups)
    return groups
  }

  #bindGroup(made: Kernel, index: number, state: GpuState | null): GPUBindGroup {
    return this.#parts.memory.device.createBindGroup({
      label: made.name,
      layout: this.#parts.pipelines[index].getBindGroupLayout(0),
      entries: made.bindings.map(({ slot }, binding) => ({ binding, resource: { buffer: this.#buffer(slot, state) } })),
    })
  }

  #buffer(slot: Slot, state: GpuState | null): GPUBuffer {
    if (slot.kind === 'weight') return this.#parts.weights[slot.name].buffer(slot.part, slot.piece)
    const name = slot.kind === 'value' ? this.#states.get(slot.value) : undefined
    return name === undefined ? this.#parts.plan.buffer(slot) : state!.buffer(name)
  }

  #checkState(state: State | null): GpuState | null {
    if (state === null && this.graph.states.length === 0) return null
    if (state instanceof GpuState && state.fits(this.graph, this.#parts.memory)) return state
    const what = state === null ? 'nothing' : 'a state of another backend or model'
    throw new GraphError(`${this.graph.name}: expected a state made by this program, got ${what}. Use createState().`)
  }

  #live(): void {
    this.#parts.guard.check()
    if (this.#disposed) throw new DisposedError('program')
  }
}
