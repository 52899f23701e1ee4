/** The workbench of compilation: values get places, ops append kernel calls. It knows no op; see src/lower for those. */
import {
  type Graph,
  type GraphNode,
  GraphError,
  type NamedValue,
  type Shape,
  type TensorType,
  type ValueId,
  sizeOf,
} from '@retnet/core'
import type { Engine } from '../memory/engine.js'
import type { Opcode } from '../opcode.js'
import type { CpuWeight } from '../weight.js'
import { unpackWeight } from '../weight-values.js'
import type { KernelCall, Place, PlanBuffer, Word } from './record.js'

export interface LoweringOptions {
  readonly weights: ReadonlyMap<ValueId, CpuWeight>
  readonly form: 'auto' | 'parallel' | 'recurrent' | 'chunkwise'
  readonly chunk: number
}

export interface CallDetail {
  readonly reads: readonly (Place | null)[]
  readonly writes: readonly Place[]
  readonly inPlace?: readonly (readonly [Place, Place | null])[]
  readonly work: number
  readonly units?: number
  readonly scratch?: number
}

export class Lowering {
  readonly calls: KernelCall[] = []
  /** Blocks of constants; the program frees them. */
  readonly constants: number[] = []
  constantBytes = 0
  readonly #places = new Map<ValueId, Place>()
  readonly #shared = new Map<string, Place>()
  readonly #makers = new Map<ValueId, GraphNode>()
  readonly #uses = new Map<ValueId, number>()

  constructor(
    readonly graph: Graph,
    readonly engine: Engine,
    readonly options: LoweringOptions,
  ) {
    for (const node of graph.nodes) {
      for (const output of node.outputs) this.#makers.set(output, node)
      for (const input of node.inputs) if (input !== null) this.#use(input)
    }
    for (const { value } of graph.outputs) this.#use(value)
    for (const { output } of graph.states) this.#use(output)
  }

  type(value: ValueId): TensorType {
    return this.graph.types[value]
  }

  shape(value: ValueId): Shape {
    return this.graph.types[value].shape
  }

  size(value: ValueId): number {
    return sizeOf(this.shape(value))
  }

  /** The node that makes a value which nothing but one other node reads; null otherwise. */
  onlyUse(value: ValueId): GraphNode | null {
    return this.#uses.get(value) === 1 ? (this.#makers.get(value) ?? null) : null
  }

  weight(value: ValueId): CpuWeight | undefined {
    return this.options.weights.get(value)
  }

  /** Where a value lies. A packed weight is unpacked to float32 for ops that read plain numbers. */
  place(value: ValueId): Place {
    const known = this.#places.get(value)
    if (known) return known
    const weight = this.weight(value)
    if (!weight) throw new GraphError(`compile: value ${value} is used before it is made.`)
    const { encoding, address, bytes } = weight.layout
    const place =
      encoding === 'f32'
        ? { buffer: { kind: 'fixed', at: address, bytes } as PlanBuffer, offset: 0 }
        : this.constant(unpackWeight(weight))
    this.#places.set(value, place)
    return place
  }

  placeOrNull(value: ValueId | null): Place | null {
    return value === null ? null : this.place(value)
  }

  /** A fresh buffer for a value. */
  define(value: ValueId): Place {
    const place = this.temporary(this.size(value) * 4)
    this.#places.set(value, place)
    return place
  }

  /** The value lies where another one does. */
  alias(value: ValueId, place: Place): void {
    this.#places.set(value, place)
  }

  temporary(bytes: number): Place {
    return { buffer: { kind: 'arena', at: 0, bytes }, offset: 0 }
  }

  /** Numbers known at compile time, kept as long as the program. */
  constant(values: Float32Array | Float64Array): Place {
    const address = this.engine.allocate(values.byteLength, `constants of program ${this.graph.name}`)
    this.constants.push(address)
    this.constantBytes += values.byteLength
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
    this.engine.bytes(address, values.byteLength).set(bytes)
    return { buffer: { kind: 'fixed', at: address, bytes: values.byteLength }, offset: 0 }
  }

  /** Makes a place once for a key: tables that several nodes share. */
  shared(key: string, make: () => Place): Place {
    const place = this.#shared.get(key) ?? make()
    this.#shared.set(key, place)
    return place
  }

  emit(opcode: Opcode, name: string, words: readonly (Word | null)[], detail: CallDetail): void {
    const buffers = (places: readonly (Place | null)[]) => places.flatMap((place) => (place ? [place.buffer] : []))
    this.calls.push({
      opcode,
      name,
      words: words.map((word) => word ?? 0),
      reads: buffers(detail.reads),
      writes: buffers(detail.writes),
      inPlace: (detail.inPlace ?? []).flatMap(([to, from]) =>
        from && from.offset === 0 && to.offset === 0 ? [[to.buffer, from.buffer] as const] : [],
      ),
      work: detail.work,
      units: detail.units ?? Infinity,
      scratch: detail.scratch ?? 0,
    })
  }

  placeAll(values: readonly NamedValue[]): Place[] {
    return values.map(({ value }) => this.place(value))
  }

  #use(value: ValueId): void {
    this.#uses.set(value, (this.#uses.get(value) ?? 0) + 1)
  }
}
