/**
 * What a backend is: it holds weights and states on a device and turns graphs into programs. It knows ops, not models; it is made by
 * a factory (`cpu()`, `webgpu()`) and passed in. There is no registry.
 */
import type { Graph, GraphNode } from './graph.js'
import type { State } from './state.js'
import type { NamedTensors } from './tensor.js'
import type { DeviceWeight, WeightData, WeightEncoding } from './weight.js'

/** Retention has three forms of one function; they differ in speed and rounding only. `auto` chooses by length. */
export type RetentionForm = 'auto' | 'parallel' | 'recurrent' | 'chunkwise'

export interface CompileOptions {
  /** A device weight for every parameter of the graph, by name. */
  readonly weights: Readonly<Record<string, DeviceWeight>>
  readonly form?: RetentionForm
  /** Tokens per chunk of the chunkwise form. */
  readonly chunk?: number
  readonly signal?: AbortSignal
  /**
   * Called at the beginning, as kernels become ready, and at the end, with how many of all are. A backend that compiles at once has
   * one beginning and one end; what was compiled before is ready at once.
   */
  readonly onProgress?: (ready: number, total: number) => void
}

export interface BackendLimits {
  /** Largest number of bytes of one weight. */
  readonly maxWeightBytes: number
  /** Bytes that all weights, states and programs together may take. */
  readonly maxTotalBytes: number
  readonly encodings: readonly WeightEncoding[]
  /** Tokens of one row and run at which a long text is taken in fastest, without keeping the device from others for long. */
  readonly preferredTokens: number
  /**
   * Rows of a step from which on the results of a row may differ in their last bits from those beside fewer, because other kernels
   * compute them; ascending. Absent: at any number of rows.
   */
  readonly steadyRows?: readonly number[]
  /** Threads, subgroups and the like, for people to read. */
  readonly description: string
}

export interface Backend {
  readonly specVersion: 1
  readonly name: string
  readonly limits: BackendLimits
  /** True, or the reason why not. An op that is not supported is expanded into simpler ops before `compile`. */
  supports(node: GraphNode, graph: Graph): true | string
  /** Copies a weight to the device. The caller owns the result and disposes of it. */
  upload(weight: WeightData): Promise<DeviceWeight>
  /** The graph must pass `check`. Programs of one backend share its weights and may share states. */
  compile(graph: Graph, options: CompileOptions): Promise<Program>
  dispose(): void
  [Symbol.dispose](): void
}

export interface RunOptions {
  /** Checked before the work starts; a run that has started ends. */
  readonly signal?: AbortSignal
  /** Run several times in a row, without coming back to the host in between. */
  readonly repeat?: Repeat
}

/** The state goes from run to run by itself, an output that the next run needs as an input by `carry`. */
export interface Repeat {
  /** At least 1. */
  readonly times: number
  /**
   * Name of an input for names of outputs of the same type: what the output is after one run, the input is in the next one. Such outputs
   * are not returned; of the others the results of all runs are, stacked: [times, ...].
   */
  readonly carry?: Readonly<Record<string, string>>
}

export interface Program {
  readonly graph: Graph
  /** A state of zeros for this graph; it fits every program of the backend whose graph has the same states. */
  createState(): State
  /**
   * Runs once, or as `repeat` says: reads `inputs` by name, updates `state` in place (null only for a graph without states) and returns the outputs by name, in host memory that the caller owns.
   * Runs of one backend happen one after another in the order of the calls. A failed run leaves the state as it was.
   */
  run(inputs: NamedTensors, state: State | null, options?: RunOptions): Promise<NamedTensors>
  stats(): ProgramStats
  dispose(): void
  [Symbol.dispose](): void
}

export interface ProgramStats {
  /** Kernels started for one run. */
  readonly dispatches: number
  /** Memory of the program itself: activations and constants, without weights and states. */
  readonly bytes: number
  /** How many nodes use each kernel. */
  readonly kernels: Readonly<Record<string, number>>
  readonly runs: number
  /** Time of all runs together. */
  readonly milliseconds: number
}
