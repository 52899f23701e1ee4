/** How the tensors of a state share one block of memory. Sorted by name, so that graphs with the same states have the same layout. */
import { type Graph, type TensorType, showType, sizeOf } from '@retnet/core'
import { roundUp } from './memory/allocator.js'

export interface StateTensor {
  readonly type: TensorType
  readonly offset: number
  readonly bytes: number
}

export interface StateLayout {
  /** Equal for layouts that fit each other. */
  readonly signature: string
  readonly bytes: number
  readonly tensors: ReadonlyMap<string, StateTensor>
}

export function stateLayout(graph: Graph): StateLayout {
  const tensors = new Map<string, StateTensor>()
  const parts: string[] = []
  let end = 0
  for (const { name, input } of graph.states.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const type = graph.types[input]
    const bytes = sizeOf(type.shape) * 4
    tensors.set(name, { type, offset: end, bytes })
    parts.push(`${name}: ${showType(type)}`)
    end += roundUp(bytes)
  }
  return { signature: parts.join('; '), bytes: end, tensors }
}
