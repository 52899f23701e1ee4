/** Shapes in which some extents are known only when the model runs. A traced graph has a number everywhere; large numbers stand for them. */
import { ArgumentError, type Graph, type Shape, UnsupportedError } from '@retnet/core'
import type { GraphWriter, Name } from './graph-writer.js'

/** Name of a dimension to the extent that stands for it in the traced graph; see `dynamicExtents`. */
export type DynamicExtents = Readonly<Record<string, number>>

/**
 * Extents for graphs whose rows and length are to be dynamic: trace with them, then emit with them. They are primes that no real
 * extent is a multiple of, and small enough for their products to be exact.
 */
export const dynamicExtents = { batch: 1_000_003, sequence: 1_000_033 } as const

/** The factors of one extent: a number, and the dynamic dimensions it is multiplied by. */
interface Extent {
  readonly factor: number
  readonly names: readonly string[]
}

export class Extents {
  readonly #dynamic: readonly (readonly [string, number])[]
  readonly #sources = new Map<string, { readonly input: Name; readonly axis: number }>()

  constructor(dynamic: DynamicExtents) {
    this.#dynamic = Object.entries(dynamic)
    for (const [name, extent] of this.#dynamic) {
      if (Number.isSafeInteger(extent) && extent >= 2) continue
      throw new ArgumentError({ argument: `dynamic.${name}`, expected: 'a whole number of at least 2', actual: extent })
    }
  }

  /** Remembers from which inputs the dynamic dimensions can be read. */
  learn(graph: Graph, nameOf: (value: number) => Name): void {
    const values = [...graph.inputs.map(({ value }) => value), ...graph.states.map(({ input }) => input)]
    for (const value of values) {
      graph.types[value].shape.forEach((extent, axis) => {
        const name = this.#dynamic.find(([, marker]) => marker === extent)?.[0]
        if (name !== undefined && !this.#sources.has(name)) this.#sources.set(name, { input: nameOf(value), axis })
      })
    }
  }

  isDynamic(extent: number): boolean {
    return this.#split(extent).names.length > 0
  }

  isStatic(shape: Shape): boolean {
    return !shape.some((extent) => this.isDynamic(extent))
  }

  /** What a declared input or output says of an axis: its extent, or the name of the dimension. */
  describe(extent: number): number | string {
    const { factor, names } = this.#split(extent)
    if (names.length === 0) return extent
    return [...names, ...(factor === 1 ? [] : [factor])].join('*')
  }

  /** The extents of `shape` as integers of the running model, [rank]. */
  runtime(writer: GraphWriter, shape: Shape): Name {
    if (this.isStatic(shape)) return writer.integers(shape)
    const parts = shape.map((extent) => this.#runtimeExtent(writer, extent))
    return parts.length === 1 ? parts[0] : writer.node('Concat', parts, { attributes: { axis: 0 } })
  }

  #runtimeExtent(writer: GraphWriter, extent: number): Name {
    const { factor, names } = this.#split(extent)
    const read = names.map((name) => {
      const source = this.#sources.get(name)
      if (!source) throw new UnsupportedError(`dynamic ${name}`, 'no input or state of the graph has this extent.')
      return writer.node('Shape', [source.input], { attributes: { start: source.axis, end: source.axis + 1 } })
    })
    const factors = factor === 1 && read.length > 0 ? read : [...read, writer.integers([factor])]
    return factors.reduce((product, next) => writer.node('Mul', [product, next]))
  }

  #split(extent: number): Extent {
    const names: string[] = []
    let factor = extent
    for (const [name, marker] of this.#dynamic) {
      while (factor >= marker && factor % marker === 0) {
        names.push(name)
        factor /= marker
      }
    }
    return { factor, names }
  }
}
