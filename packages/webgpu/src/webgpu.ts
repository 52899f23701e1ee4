/** The backend over one GPU device: weights in its buffers, graphs compiled to WGSL. */
import {
  ArgumentError,
  type Backend,
  type CompileOptions,
  type Graph,
  GraphError,
  check,
  type DeviceWeight,
  type WeightData,
  type WeightEncoding,
} from '@retnet/core'
import { lower } from './compile/lower.js'
import { PipelineCache } from './compile/pipelines.js'
import { plan } from './compile/plan.js'
import { DeviceGuard } from './device/device-guard.js'
import { type DeviceOptions, type OpenDevice, openDevice } from './device/open-device.js'
import { selfTest } from './device/self-test.js'
import { checkTuning, type Tuning, tuned } from './device/profile.js'
import { GpuMemory } from './memory/gpu-memory.js'
import { GpuWeight } from './memory/gpu-weight.js'
import { randomWeight } from './memory/random-weight.js'
import { GpuProgram } from './program.js'

export interface WebGpuOptions extends DeviceOptions {
  /** For tests: memory starts as NaN before every run, so that a number that no kernel wrote is noticed. */
  readonly poison?: boolean
  /** For tests and measurements: replaces choices of the profile for all programs. */
  readonly tune?: Tuning
}

export interface GpuCompileOptions extends CompileOptions {
  /** For tests and measurements: replaces choices of the profile for this program. */
  readonly tune?: Tuning
}

/** What this backend can do beyond the contract. */
export interface WebGpuBackend extends Backend {
  readonly device: GPUDevice
  compile(graph: Graph, options: GpuCompileOptions): Promise<GpuProgram>
  /** A weight of pseudo-random numbers in [-range, range), made on the device: for measurements of models that nobody has. */
  randomWeight(shape: readonly number[], encoding: WeightEncoding, options: { seed: number; range: number }): Promise<DeviceWeight>
}

const knownOptions = ['device', 'powerPreference', 'dawn', 'profile', 'tune', 'timestamps', 'poison']

/** Opens a device and checks that it computes correctly. Throws AdapterError when there is none, or a wrong one. */
export async function webgpu(options: WebGpuOptions = {}): Promise<WebGpuBackend> {
  const unknown = Object.keys(options).find((name) => !knownOptions.includes(name))
  if (unknown) throw new ArgumentError({ argument: 'webgpu options', expected: knownOptions.join(', '), actual: unknown })
  const { tune = {} } = options
  checkTuning(tune)
  const open = await openDevice(options)
  const backend = new DeviceBackend({ ...open, profile: tuned(open.profile, tune) }, options.poison ?? false)
  try {
    await selfTest(backend)
    return backend
  } catch (error) {
    backend.dispose()
    throw error
  }
}

class DeviceBackend implements WebGpuBackend {
  readonly specVersion = 1
  readonly name = 'webgpu'
  readonly limits: Backend['limits']
  readonly #open: OpenDevice
  readonly #memory: GpuMemory
  readonly #guard: DeviceGuard
  readonly #pipelines: PipelineCache
  readonly #poison: boolean
  #disposed = false

  constructor(open: OpenDevice, poison: boolean) {
    this.#open = open
    this.#poison = poison
    this.#memory = new GpuMemory(open.device, open.profile, poison)
    this.#guard = new DeviceGuard(open.device)
    this.#pipelines = new PipelineCache(open.device)
    const maxWeightBytes = Math.min(open.profile.maxBindingBytes, open.profile.maxBufferBytes)
    this.limits = {
      maxWeightBytes,
      maxTotalBytes: Number.MAX_SAFE_INTEGER,
      encodings: ['f32', 'f16', 'q8'],
      description: open.profile.description,
    }
  }

  supports(): true {
    return true
  }

  async upload(weight: WeightData): Promise<GpuWeight> {
    this.#guard.check()
    return GpuWeight.upload(this.#memory, `weight [${weight.type.shape.join(', ')}] ${weight.encoding}`, weight)
  }

  get device(): GPUDevice {
    return this.#open.device
  }

  async randomWeight(shape: readonly number[], encoding: WeightEncoding, { seed, range }: { seed: number; range: number }): Promise<DeviceWeight> {
    this.#guard.check()
    return randomWeight(this.#memory, this.#pipelines, { dtype: 'f32', shape }, encoding, seed, range)
  }

  async compile(graph: Graph, options: GpuCompileOptions): Promise<GpuProgram> {
    this.#guard.check()
    options.signal?.throwIfAborted()
    check(graph)
    const weights = ownWeights(graph, options)
    const { tune = {} } = options
    checkTuning(tune)
    const lowered = lower(graph, tuned(this.#open.profile, tune), options)
    const made = Promise.all(lowered.kernels.map(({ name, code }) => this.#pipelines.get(name, code)))
    const pipelines = await this.#guard.race(made)
    options.signal?.throwIfAborted()
    return new GpuProgram({
      graph,
      lowered,
      plan: plan(graph, lowered, this.#memory),
      pipelines,
      weights,
      memory: this.#memory,
      guard: this.#guard,
      poison: this.#poison,
    })
  }

  dispose(): void {
    if (this.#disposed) return
    this.#disposed = true
    this.#guard.dispose()
    if (this.#open.owned) this.#open.device.destroy()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

function ownWeights(graph: Graph, { weights }: CompileOptions): Record<string, GpuWeight> {
  return Object.fromEntries(
    graph.parameters.map(({ name }) => {
      const weight = weights[name]
      if (weight instanceof GpuWeight) return [name, weight]
      throw new GraphError(`compile: the weight ${name} was not uploaded to this backend.`)
    }),
  )
}
