/** A RetNet on a backend: its weights uploaded, its programs compiled as they are needed. It knows ids, no text and no sampling. */
import type { Backend, CompileOptions, Program, RetentionForm } from '../contract/backend.js'
import type { Graph } from '../contract/graph.js'
import type { State } from '../contract/state.js'
import { sameShape, showType } from '../contract/tensor.js'
import type { DeviceWeight, WeightData } from '../contract/weight.js'
import { ArgumentError } from '../errors/argument-error.js'
import { DisposedError } from '../errors/disposed-error.js'
import { ShapeError } from '../errors/shape-error.js'
import { expand } from '../graph/expand.js'
import { decodeSnapshot } from '../snapshot/decode.js'
import { encodeSnapshot } from '../snapshot/encode.js'
import { fingerprintOf } from '../snapshot/fingerprint.js'
import type { Snapshot, SnapshotIdentity, SnapshotTensor } from '../snapshot/format.js'
import { Batch } from './batch.js'
import { Breather } from './breather.js'
import { checkSpec } from './check-spec.js'
import {
  type SamplingSettings,
  checkSampling,
  decodeCarry,
  decodeInputs,
  decodeOptionsOf,
  idsOf,
} from './decode-many.js'
import {
  type DecodeOptions,
  type GraphSize,
  consumeGraph,
  decodeGraph,
  embedGraph,
  logitsGraph,
  lossGraph,
  nextTokenGraph,
  parameterShapes,
} from './graphs.js'
import { type EmbedOptions, Embedding } from './embedding.js'
import { extraTensors, snapshotOf, stateValues } from './model-snapshot.js'
import { runLength, runLengths } from './run-length.js'
import { type RetNetSpec, stateBytes } from './spec.js'

export type ProgramKind = 'next' | 'consume' | 'logits' | 'loss' | 'decode' | 'embed'

export interface ModelOptions {
  readonly spec: RetNetSpec
  readonly backend: Backend
  /** Every weight of `parameterShapes(spec)` once, in any order; each is uploaded before the next is asked for. */
  readonly weights: Iterable<readonly [string, WeightData]> | AsyncIterable<readonly [string, WeightData]>
  /** Fingerprint of the checkpoint, for snapshots; may be known only when all weights have been read. */
  readonly fingerprint: () => string
  readonly signal?: AbortSignal
}

export interface ProgramOptions {
  readonly form?: RetentionForm
  readonly chunk?: number
  /** Which inputs a `decode` program has; others have none of them. */
  readonly decode?: DecodeOptions
  /** As in `CompileOptions`; not called for a program that somebody has asked for before. */
  readonly onProgress?: CompileOptions['onProgress']
}

export interface PrepareOptions {
  /** Sequences that will be advanced together: 1, or the rows of a batch. Default: 1. */
  readonly rows?: number
  /** Checked between programs; those that are compiled stay. */
  readonly signal?: AbortSignal
  /** Called with the part that is done, from 0 to 1. */
  readonly onProgress?: (done: number) => void
}

export interface ConsumeOptions {
  readonly signal?: AbortSignal
  /** Called after each run with the number of tokens that the state has taken in since the call began. */
  readonly onProgress?: (tokens: number) => void
}

export class Model {
  readonly spec: RetNetSpec
  readonly backend: Backend
  readonly identity: SnapshotIdentity
  /** Bytes of the state of one sequence. */
  readonly stateBytes: number
  /** Bytes of all weights on the device. */
  readonly weightBytes: number
  readonly #weights: Readonly<Record<string, DeviceWeight>>
  readonly #programs = new Map<string, Promise<Program>>()
  #drawsTokens: boolean | null = null
  readonly #breather = new Breather()
  #disposed = false

  private constructor(options: ModelOptions, weights: Record<string, DeviceWeight>) {
    this.spec = options.spec
    this.backend = options.backend
    this.identity = { spec: fingerprintOf(options.spec), weights: options.fingerprint() }
    this.stateBytes = stateBytes(options.spec)
    this.weightBytes = Object.values(weights).reduce((total, weight) => total + weight.bytes, 0)
    this.#weights = weights
  }

  /** Uploads the weights. Throws ShapeError for a weight that is missing, unknown or of a wrong shape; nothing stays uploaded then. */
  static async create(options: ModelOptions): Promise<Model> {
    checkSpec(options.spec)
    const shapes = parameterShapes(options.spec)
    const weights: Record<string, DeviceWeight> = {}
    try {
      for await (const [name, weight] of options.weights) {
        options.signal?.throwIfAborted()
        checkWeight(name, weight, shapes.get(name))
        weights[name] = await options.backend.upload({ ...weight, name })
      }
      const missing = [...shapes.keys()].find((name) => !(name in weights))
      if (missing)
        throw new ShapeError({ op: 'model', argument: `weight ${missing}`, expected: 'to be given', actual: 'nothing' })
      return new Model(options, weights)
    } catch (error) {
      for (const weight of Object.values(weights)) weight.dispose()
      throw error
    }
  }

  /** The compiled graph of one kind and size; made on first use, then kept. */
  program(kind: ProgramKind, size: GraphSize, options: ProgramOptions = {}): Promise<Program> {
    if (this.#disposed) throw new DisposedError('model')
    const { form, chunk, decode, onProgress } = options
    const key = JSON.stringify([kind, size.rows, size.length, form, chunk, decode?.history, decode?.bias])
    const known = this.#programs.get(key)
    if (known) return known
    const graph = expand(graphOf(kind, this.spec, size, decode), (node, of) => this.backend.supports(node, of))
    const program = this.backend.compile(graph, { form, chunk, onProgress, weights: this.#weights })
    this.#programs.set(key, program)
    program.catch(() => this.#programs.delete(key))
    return program
  }

  /**
   * Compiles what generation needs. Without it each program is compiled when it is first used, so that the first token comes late; a
   * page calls it behind a progress bar.
   */
  async prepare({ rows = 1, signal, onProgress }: PrepareOptions = {}): Promise<void> {
    const decode = { history: false, bias: false }
    const step = this.drawsTokens ? ([['decode', { rows, length: 1 }, { decode }]] as const) : []
    const consume = runLengths(this.backend.limits.preferredTokens).map((length) => {
      return ['consume', { rows: 1, length }, {}] as const
    })
    const all = [...step, ['next', { rows, length: 1 }, {}] as const, ...consume]
    for (const [index, [kind, size, options]] of all.entries()) {
      signal?.throwIfAborted()
      const part = (ready: number, total: number) => onProgress?.((index + ready / Math.max(total, 1)) / all.length)
      await this.program(kind, size, { ...options, onProgress: part })
      onProgress?.((index + 1) / all.length)
    }
  }

  /** The state of one sequence before its first token. */
  async createState(): Promise<State> {
    return (await this.program('next', { rows: 1, length: 1 })).createState()
  }

  /** `rows` independent sequences that are advanced together: what a server batches requests with. The caller disposes of it. */
  createBatch(rows: number): Promise<Batch> {
    return Batch.create(this, rows)
  }

  /**
   * Takes tokens into the state, without computing predictions. When it throws or is aborted, the state holds the tokens that
   * `onProgress` last reported.
   */
  async consume(state: State, tokens: ArrayLike<number>, { signal, onProgress }: ConsumeOptions = {}): Promise<void> {
    this.checkTokens(tokens)
    for (let at = 0; at < tokens.length;) {
      const length = runLength(tokens.length - at, this.backend.limits.preferredTokens)
      const count = Math.min(length, tokens.length - at)
      const ids = Int32Array.from({ length }, (_, index) => (index < count ? tokens[at + index] : 0))
      const mask = Int32Array.from({ length }, (_, index) => (index < count ? 1 : 0))
      const program = await this.program('consume', { rows: 1, length })
      await this.#breather.breathe()
      await program.run({ tokens: ids, mask }, state, { signal })
      at += count
      onProgress?.(at)
    }
  }

  /** Takes one token into the state and returns the logits [V] of the one after it. */
  async next(state: State, token: number, signal?: AbortSignal): Promise<Float32Array> {
    this.checkTokens([token])
    const program = await this.program('next', { rows: 1, length: 1 })
    await this.#breather.breathe()
    const { logits } = await program.run({ tokens: Int32Array.of(token), mask: Int32Array.of(1) }, state, { signal })
    return logits as Float32Array
  }

  /**
   * A text as a vector [D]: its hidden states after the last norm, pooled; not normalised. `new Embedding(model, tokens)` does the same
   * chunk by chunk. Throws ArgumentError for no tokens.
   */
  async embed(tokens: ArrayLike<number>, { pooling, signal }: EmbedOptions = {}): Promise<Float32Array> {
    using embedding = new Embedding(this, tokens, pooling)
    while (!embedding.isDone) {
      signal?.throwIfAborted()
      await this.#breather.breathe()
      await embedding.step(signal)
    }
    return embedding.vector
  }

  /** True if the backend can draw tokens itself: `decodeMany` works. */
  get drawsTokens(): boolean {
    if (this.#drawsTokens === null) {
      const graph = decodeGraph(this.spec, 1, { history: true, bias: true })
      const draws = graph.nodes.filter(({ op }) => op === 'sample' || op === 'accept')
      this.#drawsTokens = draws.every((node) => this.backend.supports(node, graph) === true)
    }
    return this.#drawsTokens
  }

  /**
   * Takes one token in, draws the next one, takes that in, and so on, `count` times without a word from the host in between. Returns the
   * drawn ids [count]; the state has then taken in all but the last. From the first place on where nothing can be drawn, because the
   * logits are broken, the ids are -1 and the state is of no use: restore a fork.
   */
  async decodeMany(
    state: State,
    token: number,
    settings: SamplingSettings,
    count: number,
    signal?: AbortSignal,
  ): Promise<Int32Array> {
    checkSampling(settings)
    this.checkTokens([token, ...idsOf(settings)])
    const decode = decodeOptionsOf([settings])
    const program = await this.program('decode', { rows: 1, length: 1 }, { decode })
    const inputs = decodeInputs(program.graph, this.spec.vocabSize, [{ token, settings }])
    const carry = decodeCarry(decode)
    await this.#breather.breathe()
    const { drawn } = await program.run(inputs, state, { signal, repeat: { times: count, carry } })
    return drawn as Int32Array
  }

  /** Throws ArgumentError at the first id that the vocabulary does not have. */
  checkTokens(tokens: ArrayLike<number>): void {
    const { vocabSize } = this.spec
    for (let index = 0; index < tokens.length; index++) {
      const id = tokens[index]
      if (Number.isInteger(id) && id >= 0 && id < vocabSize) continue
      throw new ArgumentError({ argument: `token ${index}`, expected: `an id from 0 to ${vocabSize - 1}`, actual: id })
    }
  }

  /** The state as data; `extra` tensors travel with it. Encode it with `encodeSnapshot`. */
  async snapshot(state: State, extra: Readonly<Record<string, SnapshotTensor>> = {}): Promise<Snapshot> {
    const program = await this.program('next', { rows: 1, length: 1 })
    return snapshotOf(program.graph, this.identity, await state.read(), extra)
  }

  /** A new state from a snapshot of the same model, made on any backend. Throws SnapshotError before it touches the device. */
  async restore(snapshot: Snapshot): Promise<State> {
    const program = await this.program('next', { rows: 1, length: 1 })
    const values = stateValues(program.graph, this.identity, snapshot)
    const state = program.createState()
    try {
      await state.write(values)
      return state
    } catch (error) {
      state.dispose()
      throw error
    }
  }

  /** The bytes of `snapshot`: what goes into a file or over the network. Names of `extra` must not begin with `state.`. */
  async saveState(state: State, extra: Readonly<Record<string, SnapshotTensor>> = {}): Promise<Uint8Array> {
    return encodeSnapshot(await this.snapshot(state, extra))
  }

  /** A new state from the bytes of `saveState`, and the extra tensors that travelled with it. */
  async loadState(bytes: Uint8Array): Promise<{ state: State; extra: Record<string, SnapshotTensor> }> {
    const snapshot = decodeSnapshot(bytes)
    const state = await this.restore(snapshot)
    return { state, extra: extraTensors(snapshot) }
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    for (const program of this.#programs.values()) {
      program.then(
        (made) => made.dispose(),
        () => {},
      )
    }
    for (const weight of Object.values(this.#weights)) weight.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

function graphOf(kind: ProgramKind, spec: RetNetSpec, size: GraphSize, decode: DecodeOptions | undefined): Graph {
  if (kind === 'decode') {
    if (size.length === 1) return decodeGraph(spec, size.rows, decode)
    throw new ArgumentError({ argument: 'length of a decode program', expected: '1', actual: size.length })
  }
  if (kind === 'next') return nextTokenGraph(spec, size)
  if (kind === 'consume') return consumeGraph(spec, size)
  if (kind === 'embed') return embedGraph(spec, size)
  return kind === 'logits' ? logitsGraph(spec, size) : lossGraph(spec, size)
}

function checkWeight(name: string, weight: WeightData, shape: readonly number[] | undefined): void {
  if (shape && sameShape(shape, weight.type.shape)) return
  const expected = shape ? `[${shape.join(', ')}]` : 'not to exist'
  throw new ShapeError({ op: 'model', argument: `weight ${name}`, expected, actual: showType(weight.type) })
}
