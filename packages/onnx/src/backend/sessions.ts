/** The sessions of one backend. Programs whose graphs differ in the number of tokens alone share one, and so one copy of the weights. */
import { type Graph, UnsupportedError } from '@retnet/core'
import type { EmitSettings } from '../emit/emit-options.js'
import type { Host } from './host.js'
import { Session } from './session.js'
import { openLength, structureOf, templateOf } from './template.js'

interface Shared {
  /** The first graph that was compiled. */
  readonly graph: Graph
  /** For `graph` alone, until a graph of another length comes: then for any. */
  session: Session
  template: Graph | null
  users: number
}

/** A program's share of a session. */
export interface SessionLease {
  /** Another one after a program of another length was compiled. */
  readonly session: Session
  release(): void
}

export class Sessions {
  readonly #host: Host
  readonly #shared = new Map<string, Shared>()
  readonly #ids = new WeakMap<object, number>()
  #lastId = 0

  constructor(host: Host) {
    this.#host = host
  }

  /** Must be called from the backend's queue. */
  async open(graph: Graph, settings: EmitSettings): Promise<SessionLease> {
    const key = this.#keyOf(graph, settings)
    const found = this.#shared.get(key)
    if (found && (await this.#serves(found, graph, settings))) return this.#lease(key, found)
    const session = await Session.create(this.#host, graph, settings)
    const shared = { graph, session, template: null, users: 0 }
    // a graph that fits no session of its structure has one of its own
    const own = found ? `${key} ${this.#lastId++}` : key
    this.#shared.set(own, shared)
    return this.#lease(own, shared)
  }

  /** True if the session runs the graph, after it was replaced by one with an open length if need be. */
  async #serves(shared: Shared, graph: Graph, settings: EmitSettings): Promise<boolean> {
    if (JSON.stringify(graph.types) === JSON.stringify(shared.graph.types)) return true
    const template = templateOf(shared.graph, graph)
    if (!template) return false
    if (shared.template) return JSON.stringify(template.types) === JSON.stringify(shared.template.types)
    try {
      const open = await Session.create(this.#host, template, { ...settings, dynamic: openLength })
      shared.session.release()
      Object.assign(shared, { session: open, template })
      return true
    } catch (error) {
      if (error instanceof UnsupportedError) return false
      throw error
    }
  }

  #lease(key: string, shared: Shared): SessionLease {
    shared.users++
    const release = () => {
      if (--shared.users > 0) return
      this.#shared.delete(key)
      shared.session.release()
    }
    return {
      get session() {
        return shared.session
      },
      release,
    }
  }

  #keyOf(graph: Graph, { weights, retention, chunk }: EmitSettings): string {
    const held = graph.parameters.map(({ name }) => this.#idOf(weights[name]))
    return JSON.stringify([structureOf(graph), held, retention, chunk])
  }

  #idOf(object: object): number {
    const id = this.#ids.get(object) ?? this.#lastId++
    this.#ids.set(object, id)
    return id
  }
}
