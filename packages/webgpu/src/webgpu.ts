/** The backend over one GPU device: weights in its buffers, graphs compiled to WGSL. */
import { maxGemvRows } from './kernels/matmul/gemv.js'
import {
  type Backend,
  type CompileOptions,
  type DeviceWeight,
  type Graph,
  GraphError,
  type WeightData,
  type WeightEncoding,
  check,
  checkCompileOptions,
  sameShape,
  showType,
  stateTensors,
} from '@retnet/core'
import { lower } from './compile/lower.js'
import { PipelineCache } from './compile/pipelines.js'
import { plan } from './compile/plan.js'
import { DeviceGuard } from './device/device-guard.js'
import { type WebGpuOptions, checkOptions } from './device/device-options.js'
import { type OpenDevice, openDevice } from './device/open-device.js'
import { type Profile, type Tuning, checkTuning, tuned } from './device/profile.js'
import { selfTest } from './device/self-test.js'
import { offersMatrices } from './kernels/matmul/matrix-tile.js'
import { GpuMemory } from './memory/gpu-memory.js'
import { GpuWeight } from './memory/gpu-weight.js'
import { RowCopies } from './memory/row-copies.js'
import { type StateDtype, inHalves, storedBytes } from './memory/state-storage.js'
import { randomWeight } from './memory/random-weight.js'
import { GpuProgram } from './program.js'

export interface GpuCompileOptions extends CompileOptions {
  /** For tests and measurements: replaces choices of the profile for this program. */
  readonly tune?: Tuning
}

/** What this backend can do beyond the contract. */
export interface WebGpuBackend extends Backend {
  readonly device: GPUDevice
  compile(graph: Graph, options: GpuCompileOptions): Promise<GpuProgram>
  /** A weight of pseudo-random numbers in [-range, range), made on the device: for measurements of models that nobody has. */
  randomWeight(
    shape: readonly number[],
    encoding: WeightEncoding,
    options: { readonly seed: number; readonly range: number },
  ): Promise<DeviceWeight>
  /** Bytes of device memory that weights, states and programs hold now. */
  readonly bytes: number
}

/** Opens a device and checks that it computes correctly. Throws AdapterError when there is none, or a wrong one. */
export async function webgpu(options: WebGpuOptions = {}): Promise<WebGpuBackend> {
  checkOptions(options)
  const open = await openDevice(options)
  const profile = tuned(open.profile, options.tune ?? {})
  const backend = new GpuBackend({ ...open, profile }, options)
  try {
    await selfTest(backend)
    return backend
  } catch (error) {
    backend.dispose()
    throw error
  }
}

class GpuBackend implements WebGpuBackend {
  readonly specVersion = 1
  readonly name = 'webgpu'
  readonly limits: Backend['limits']
  readonly device: GPUDevice
  readonly #profile: Profile
  readonly #open: OpenDevice
  readonly #memory: GpuMemory
  readonly #guard: DeviceGuard
  readonly #pipelines: PipelineCache
  readonly #rowCopies: RowCopies
  readonly #poison: boolean
  readonly #stateDtype: StateDtype
  #disposed = false

  constructor(open: OpenDevice, { poison = false, stateDtype = 'f32' }: WebGpuOptions) {
    const { device, profile } = open
    this.#open = open
    this.device = device
    this.#profile = profile
    this.#poison = poison
    this.#stateDtype = stateDtype
    this.#guard = new DeviceGuard(device)
    this.#memory = new GpuMemory(device, profile, poison)
    this.#pipelines = new PipelineCache(device)
    this.#rowCopies = new RowCopies(device, this.#pipelines)
    this.limits = {
      // what no buffer can hold is cut into rows
      maxWeightBytes: Number.MAX_SAFE_INTEGER,
      maxTotalBytes: Number.MAX_SAFE_INTEGER,
      encodings: ['f32', 'f16', 'q8', 'q4'],
      preferredTokens: preferredTokens(profile),
      steadyRows,
      description: profile.description,
    }
  }

  get bytes(): number {
    return this.#memory.bytes
  }

  supports(): true {
    return true
  }

  async upload(weight: WeightData): Promise<GpuWeight> {
    this.#guard.check()
    const what = `weight ${weight.name ?? `[${weight.type.shape.join(', ')}]`}`
    return this.#guard.race(this.#memory.allocate(what, () => GpuWeight.upload(this.#memory, weight)))
  }

  async randomWeight(
    shape: readonly number[],
    encoding: WeightEncoding,
    { seed, range }: { readonly seed: number; readonly range: number },
  ): Promise<DeviceWeight> {
    this.#guard.check()
    return randomWeight(this.#memory, this.#pipelines, { dtype: 'f32', shape }, encoding, seed, range)
  }

  async compile(graph: Graph, options: GpuCompileOptions): Promise<GpuProgram> {
    this.#guard.check()
    checkCompileOptions(options, ['tune'])
    checkTuning(options.tune ?? {})
    options.signal?.throwIfAborted()
    check(graph)
    const weights = this.#weightsOf(graph, options)
    const stateDtype = this.#stateDtype
    const lowered = lower(graph, tuned(this.#profile, options.tune ?? {}), { ...options, stateDtype })
    const made = this.#pipelines.all(lowered.kernels, options.onProgress)
    const [pipelines] = await this.#guard.race(
      Promise.all([made, this.#rowCopies.prepare(rowSizes(graph, stateDtype))]),
    )
    options.signal?.throwIfAborted()
    const memory = this.#memory
    const planned = await this.#guard.race(memory.allocate(`program ${graph.name}`, () => plan(graph, lowered, memory)))
    try {
      return new GpuProgram({
        graph,
        lowered,
        plan: planned,
        pipelines,
        weights,
        memory,
        guard: this.#guard,
        rowCopies: this.#rowCopies,
        stateDtype,
        poison: this.#poison,
      })
    } catch (error) {
      planned.dispose()
      throw error
    }
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#guard.dispose()
    if (this.#open.owned) this.device.destroy()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  #weightsOf(graph: Graph, { weights }: CompileOptions): Record<string, GpuWeight> {
    const own = graph.parameters.map(({ name, value }): [string, GpuWeight] => {
      const weight = weights[name]
      if (!(weight instanceof GpuWeight) || weight.memory !== this.#memory) {
        throw new GraphError(`compile: the weight ${name} was not uploaded to this backend.`)
      }
      const type = graph.types[value]
      if (weight.type.dtype === type.dtype && sameShape(weight.type.shape, type.shape)) return [name, weight]
      throw new GraphError(
        `compile: the weight ${name} is ${showType(weight.type)}, the graph wants ${showType(type)}.`,
      )
    })
    for (const [, weight] of own) weight.requireLive()
    return Object.fromEntries(own)
  }
}

/**
 * Where products go over to matrices (q8 and q4, f16), to kernels for many rows (packed weights, f32), and to tiles: by which kernel is
 * chosen. Bits were not compared on a GPU.
 */
const steadyRows = [4, 5, maxGemvRows + 1, 33, 65]

/**
 * Longer pieces fill the tiles of hardware, 2,048 tokens to 97 % where there are matrices; shorter ones keep every dispatch far below
 * 100 ms on a slow GPU, and a software adapter from blocking for seconds.
 */
function preferredTokens(profile: Profile): number {
  if (!profile.barriers) return 128
  return offersMatrices(profile) ? 2048 : 1024
}

function rowSizes(graph: Graph, stateDtype: StateDtype): number[] {
  return [...stateTensors(graph).values()].map((type) => storedBytes(type.shape.slice(1), inHalves(type, stateDtype)))
}
