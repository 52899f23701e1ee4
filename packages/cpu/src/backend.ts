/** The `Backend` of this package: what the contract asks for, on top of one engine. */
import {
  type Backend,
  type BackendLimits,
  type CompileOptions,
  type DeviceWeight,
  type Graph,
  type GraphNode,
  type Program,
  type WeightData,
} from '@retnet/core'
import { Engine } from './memory/engine.js'
import { type CpuOptions, resolveOptions } from './options.js'
import { gemvRows } from './lower/contraction.js'
import { supports } from './plan/supports.js'
import { compileGraph } from './program/compile.js'
import { CpuWeight } from './weight.js'

/**
 * The embedded backend: WebAssembly SIMD kernels, on several threads where memory can be shared. Starts its threads before it resolves;
 * they end with `dispose()` or with the process. A page's main thread may not sleep: it spins while it waits for its helpers.
 */
export async function cpu(options: CpuOptions = {}): Promise<Backend> {
  const resolved = resolveOptions(options)
  const engine = await Engine.create(resolved)
  const simd = resolved.simd === 'relaxed' ? 'relaxed SIMD' : 'SIMD'
  return new CpuBackend(engine, `WASM ${simd}, ${engine.threads} thread${engine.threads === 1 ? '' : 's'}`)
}

class CpuBackend implements Backend {
  readonly specVersion = 1
  readonly name = 'cpu'
  readonly limits: BackendLimits
  readonly #engine: Engine

  constructor(engine: Engine, description: string) {
    this.#engine = engine
    this.limits = {
      maxWeightBytes: engine.maxMemoryBytes,
      maxTotalBytes: engine.maxMemoryBytes,
      encodings: ['f32', 'f16', 'q8', 'q4'],
      preferredTokens: 128,
      // weights in halves have a kernel for one row; see gemvRows for the rest
      steadyRows: [2, gemvRows + 1],
      description,
    }
  }

  supports(node: GraphNode, graph: Graph): true | string {
    return supports(node, graph)
  }

  async upload(weight: WeightData): Promise<DeviceWeight> {
    this.#engine.requireAlive()
    return new CpuWeight(this.#engine, weight)
  }

  async compile(graph: Graph, options: CompileOptions): Promise<Program> {
    return compileGraph(this.#engine, graph, options)
  }

  dispose(): void {
    this.#engine.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}
