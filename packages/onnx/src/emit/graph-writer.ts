/** Collects nodes and initializers of one ONNX graph. Nodes that would compute the same thing twice are written once. */
import type { OnnxType } from '../schema/data-types.js'

/** Name of a value in the ONNX graph. */
export type Name = string

export type Attribute = number | string | readonly number[] | { readonly float: number }

export interface OnnxNode {
  readonly op: string
  readonly domain: string
  readonly inputs: readonly Name[]
  readonly outputs: readonly Name[]
  readonly attributes: Readonly<Record<string, Attribute>>
}

export interface Initializer {
  readonly name: Name
  readonly type: OnnxType
  readonly shape: readonly number[]
  /** Little-endian, row-major. */
  readonly data: Uint8Array
  /** A weight may lie outside the model file; constants never do. */
  readonly weight: boolean
}

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>
  readonly domain?: string
}

export const microsoft = 'com.microsoft'

export class GraphWriter {
  readonly nodes: OnnxNode[] = []
  readonly initializers: Initializer[] = []
  readonly #known = new Map<string, readonly Name[]>()
  readonly #counts = new Map<string, number>()
  readonly #taken: ReadonlySet<string>

  /** Values that are made here get none of the `taken` names. */
  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken)
  }

  /** A node with one output. A missing optional input is null. */
  node(op: string, inputs: readonly (Name | null)[], options: NodeOptions = {}): Name {
    return this.outputsOf(op, inputs, 1, options)[0]
  }

  outputsOf(op: string, inputs: readonly (Name | null)[], outputs: number, options: NodeOptions = {}): readonly Name[] {
    const { attributes = {}, domain = '' } = options
    const named = inputs.map((name) => name ?? '')
    const key = JSON.stringify([op, domain, named, attributes, outputs])
    const known = this.#known.get(key)
    if (known) return known
    const names = Array.from({ length: outputs }, () => this.#fresh(op))
    this.nodes.push({ op, domain, inputs: named, outputs: names, attributes })
    this.#known.set(key, names)
    return names
  }

  floats(values: readonly number[], shape: readonly number[] = []): Name {
    return this.#constant('f32', shape, new Uint8Array(Float32Array.from(values).buffer))
  }

  /** 64-bit integers: what shapes, axes and indices are. */
  integers(values: readonly number[], shape: readonly number[] = [values.length]): Name {
    return this.#constant('i64', shape, new Uint8Array(BigInt64Array.from(values, BigInt).buffer))
  }

  integers32(values: readonly number[], shape: readonly number[] = []): Name {
    return this.#constant('i32', shape, new Uint8Array(Int32Array.from(values).buffer))
  }

  bytes(values: readonly number[], shape: readonly number[] = []): Name {
    return this.#constant('u8', shape, Uint8Array.from(values))
  }

  bools(values: readonly boolean[], shape: readonly number[]): Name {
    return this.#constant('bool', shape, Uint8Array.from(values, Number))
  }

  /** A weight under its own name. */
  weight(name: Name, type: OnnxType, shape: readonly number[], data: Uint8Array): Name {
    if (!this.#known.has(name)) this.initializers.push({ name, type, shape, data, weight: true })
    this.#known.set(name, [name])
    return name
  }

  #constant(type: OnnxType, shape: readonly number[], data: Uint8Array): Name {
    const key = `${type} [${shape.join()}] ${data.length > 256 ? this.initializers.length : data.join()}`
    const known = this.#known.get(key)
    if (known) return known[0]
    const name = this.#fresh('constant')
    this.initializers.push({ name, type, shape, data, weight: false })
    this.#known.set(key, [name])
    return name
  }

  #fresh(op: string): Name {
    const count = this.#counts.get(op) ?? 0
    this.#counts.set(op, count + 1)
    const name = `${op}_${count}`
    return this.#taken.has(name) ? this.#fresh(op) : name
  }
}
