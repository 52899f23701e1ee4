/** The `Backend` of this package: what the contract asks for, over an ONNX Runtime that the caller brings. */
import {
  type Backend,
  type BackendLimits,
  type CompileOptions,
  type DeviceWeight,
  type Graph,
  GraphError,
  type GraphNode,
  type Program,
  UnsupportedError,
  type WeightData,
  check,
  checkCompileOptions,
  requireWeight,
  sameShape,
  showType,
} from '@retnet/core'
import type { EmitSettings } from '../emit/emit-options.js'
import type { HeldWeight } from '../emit/held-weight.js'
import { expressible } from '../emit/rules/rules.js'
import { findProvider } from './find-provider.js'
import { Host } from './host.js'
import { type OnnxOptions, checkOnnxOptions } from './onnx-options.js'
import { OnnxProgram } from './program.js'
import { Sessions } from './sessions.js'
import { OnnxWeight } from './weight.js'

export interface OnnxBackend extends Backend {
  /** Why providers or operators that were asked for first are not used. */
  readonly fallbacks: readonly string[]
}

/** Looks for the first execution provider that computes correctly. Throws ProviderError when there is none. */
export async function onnx(options: OnnxOptions): Promise<OnnxBackend> {
  checkOnnxOptions(options)
  const { provider, fallbacks } = await findProvider(options)
  return new OrtBackend(new Host(options.ort, provider, options.accuracyLevel ?? 0), fallbacks)
}

class OrtBackend implements OnnxBackend {
  readonly specVersion = 1
  readonly name = 'onnx'
  readonly limits: BackendLimits
  readonly fallbacks: readonly string[]
  readonly #host: Host
  readonly #sessions: Sessions

  constructor(host: Host, fallbacks: readonly string[]) {
    this.#host = host
    this.#sessions = new Sessions(host)
    this.fallbacks = fallbacks
    const { name, operators } = host.provider
    this.limits = {
      maxWeightBytes: Number.MAX_SAFE_INTEGER,
      maxTotalBytes: Number.MAX_SAFE_INTEGER,
      encodings: ['f32', 'f16', 'q8', 'q4'],
      preferredTokens: 128,
      description: [
        `${name ?? 'default'} provider, ${operators} operators`,
        ...fallbacks.map((why) => `not ${why}`),
      ].join('; '),
    }
  }

  supports(node: GraphNode, graph: Graph): true | string {
    return expressible(node, graph)
  }

  async upload(weight: WeightData): Promise<DeviceWeight> {
    this.#host.requireAlive()
    requireWeight(weight)
    return new OnnxWeight(this.#host, weight)
  }

  async compile(graph: Graph, options: CompileOptions): Promise<Program> {
    options.signal?.throwIfAborted()
    this.#host.requireAlive()
    checkCompileOptions(options)
    check(graph)
    for (const node of graph.nodes) {
      const verdict = expressible(node, graph)
      if (verdict !== true) throw new UnsupportedError(`op ${node.op}`, `${verdict}.`)
    }
    const settings = this.#settings(graph, options)
    // runtimes in WebAssembly do one thing at a time
    options.onProgress?.(0, 1)
    const session = await this.#host.queue.run(() => this.#sessions.open(graph, settings))
    options.onProgress?.(1, 1)
    if (!options.signal?.aborted) return new OnnxProgram(this.#host, graph, session)
    session.release()
    throw options.signal.reason as Error
  }

  dispose(): void {
    this.#host.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }

  /** The parallel form is matrix products; what else may be forced is the operator, which does as it thinks best. */
  #settings(graph: Graph, { weights, form, chunk }: CompileOptions): EmitSettings {
    const { operators } = this.#host.provider
    return {
      weights: this.#weightsOf(graph, weights),
      operators,
      retention: operators === 'standard' || form === 'parallel' ? 'products' : 'operator',
      dynamic: {},
      names: {},
      integers: 'int32',
      metadata: {},
      accuracyLevel: this.#host.accuracyLevel,
      ...(chunk !== undefined && { chunk }),
    }
  }

  #weightsOf(graph: Graph, weights: CompileOptions['weights']): Record<string, HeldWeight> {
    const own = graph.parameters.map(({ name, value }): [string, HeldWeight] => {
      const weight = weights[name]
      if (!(weight instanceof OnnxWeight) || weight.owner !== this.#host) {
        throw new GraphError(`compile: the weight ${name} was not uploaded to this backend.`)
      }
      const type = graph.types[value]
      if (sameShape(weight.type.shape, type.shape)) return [name, weight.held]
      throw new GraphError(
        `compile: the weight ${name} is ${showType(weight.type)}, the graph wants ${showType(type)}.`,
      )
    })
    return Object.fromEntries(own)
  }
}
