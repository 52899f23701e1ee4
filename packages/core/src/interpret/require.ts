/** What the reference backend and the interpreter refuse. */
import type { Graph } from '../contract/graph.js'
import { type NamedTensors, sizeOf } from '../contract/tensor.js'
import { type WeightData, q8BlockSize } from '../contract/weight.js'
import { GraphError } from '../errors/graph-error.js'
import { asMatrix } from '../graph/shape-rules.js'
import type { Tensor64 } from './tensor64.js'

const kinds = { f32: Float32Array, f16: Uint16Array, q8: Int8Array } as const

/** Throws GraphError for data or scales of a wrong kind or size. */
export function requireWeight({ type, encoding, data, scales }: WeightData): void {
  if (!Object.hasOwn(kinds, encoding))
    throw new GraphError(`upload: expected the encoding f32, f16 or q8, got ${encoding}.`)
  const size = sizeOf(type.shape)
  if (!(data instanceof kinds[encoding]) || data.length !== size) {
    const expected = `${size} numbers in a ${kinds[encoding].name} for ${encoding} [${type.shape.join(', ')}]`
    throw new GraphError(`upload: expected ${expected}, got ${data.length} in a ${data.constructor.name}.`)
  }
  const [rows, columns] = asMatrix(type.shape)
  const count = rows * Math.ceil(columns / q8BlockSize)
  if (encoding !== 'q8' || scales?.length === count) return
  throw new GraphError(
    `upload: expected ${count} scales for q8 [${type.shape.join(', ')}], got ${scales?.length ?? 'none'}.`,
  )
}

/** Every input once, of its kind and size, and no other. */
export function requireInputs(graph: Graph, inputs: NamedTensors): void {
  const extra = Object.keys(inputs).find((name) => !graph.inputs.some((input) => input.name === name))
  if (extra !== undefined) throw new GraphError(`run: the graph ${graph.name} has no input ${extra}.`)
  for (const { name, value } of graph.inputs) {
    const { dtype, shape } = graph.types[value]
    const kind = dtype === 'i32' ? Int32Array : Float32Array
    const data = inputs[name]
    if (data instanceof kind && data.length === sizeOf(shape)) continue
    const actual = data ? `${data.length} in a ${data.constructor.name}` : 'nothing'
    throw new GraphError(
      `run: expected ${sizeOf(shape)} numbers in a ${kind.name} for the input ${name}, got ${actual}.`,
    )
  }
}

/** Ids from `lowest` to `limit` - 1. */
export function requireIds(op: string, { data }: Tensor64, lowest: number, limit: number): void {
  const at = data.findIndex((id) => id < lowest || id >= limit)
  if (at >= 0)
    throw new GraphError(`${op}: expected ids from ${lowest} to ${limit - 1}, got ${data[at]} at index ${at}.`)
}
