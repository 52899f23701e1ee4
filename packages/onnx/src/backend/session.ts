/** A session of the runtime for one graph, from the weights that lie in memory. */
import type { Graph } from '@retnet/core'
import type { EmitSettings } from '../emit/emit-options.js'
import { encodeModel } from '../emit/encode-model.js'
import { ExternalBuffers } from '../emit/external-data.js'
import { printGraph } from '../emit/emit-graph.js'
import { OnnxRuntimeError } from '../errors.js'
import type { Host } from './host.js'
import { type OrtSession, type OrtTensor, type OrtTensors, createSession } from './ort.js'

export class Session {
  readonly nodes: number
  /** Of the model without its weights. */
  readonly bytes: number
  /** Operators of the file and how often they occur. The runtime fuses some of them. */
  readonly kernels: Readonly<Record<string, number>>
  readonly #session: OrtSession
  readonly #host: Host

  private constructor(host: Host, session: OrtSession, operators: readonly string[], bytes: number) {
    this.#host = host
    this.#session = session
    this.nodes = operators.length
    this.bytes = bytes
    const kernels: Record<string, number> = {}
    for (const name of operators) kernels[name] = (kernels[name] ?? 0) + 1
    this.kernels = kernels
  }

  static async create(host: Host, graph: Graph, settings: EmitSettings): Promise<Session> {
    const parts = printGraph(graph, settings)
    const buffers = new ExternalBuffers()
    const model = encodeModel(parts, buffers)
    const options = { ...host.provider.options, ...(buffers.files.length > 0 && { externalData: buffers.files }) }
    try {
      const session = await createSession(host.ort, model, options)
      return new Session(
        host,
        session,
        parts.nodes.map(({ op }) => op),
        model.byteLength,
      )
    } catch (error) {
      throw new OnnxRuntimeError(`compile: ${graph.name}`, error)
    }
  }

  run(feeds: OrtTensors, fetches: Record<string, OrtTensor | null>): Promise<OrtTensors> {
    return this.#session.run(feeds, fetches)
  }

  /** When the runs that were called before have ended. */
  release(): void {
    // nobody is left to be told of a failure
    this.#host.queue.run(() => this.#session.release()).catch(() => {})
  }
}
