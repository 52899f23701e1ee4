/** What the reference backend and the interpreter refuse. */
import type { Graph } from '../contract/graph.js'
import { type NamedTensors, showType, sizeOf } from '../contract/tensor.js'
import { type WeightData, weightLengths } from '../contract/weight.js'
import { GraphError } from '../errors/graph-error.js'
import type { Tensor64 } from './tensor64.js'

const kinds = { f32: Float32Array, f16: Uint16Array, q8: Int8Array, q4: Uint8Array } as const

/** Throws GraphError for data or scales of a wrong kind or size. */
export function requireWeight({ type, encoding, data, scales }: WeightData): void {
  const known = Object.keys(kinds).join(', ')
  if (!Object.hasOwn(kinds, encoding))
    throw new GraphError(`upload: expected an encoding of ${known}, got ${encoding}.`)
  const lengths = weightLengths(type.shape, encoding)
  const what = `${encoding} [${type.shape.join(', ')}]`
  const kind = kinds[encoding]
  if (type.dtype !== 'f32') throw new GraphError(`upload: expected a weight of f32 numbers, got ${showType(type)}.`)
  if (!(data instanceof kind) || data.length !== lengths.data) {
    const unit = encoding === 'q4' ? 'bytes' : 'numbers'
    throw new GraphError(
      `upload: expected ${lengths.data} ${unit} in a ${kind.name} for ${what}, got ${showArray(data)}.`,
    )
  }
  if (lengths.scales === 0 || (scales instanceof Float32Array && scales.length === lengths.scales)) return
  throw new GraphError(
    `upload: expected ${lengths.scales} scales in a Float32Array for ${what}, got ${showArray(scales)}.`,
  )
}

function showArray(data: WeightData['data'] | undefined): string {
  return data ? `${data.length} in a ${data.constructor.name}` : 'none'
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
