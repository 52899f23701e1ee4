/** How the tensors of a state share one block of memory. Sorted by name, so that graphs with the same states have the same layout. */
import { type Graph, type StateTensors, type TensorType, rowsOf, showType, sizeOf, stateTensors } from '@retnet/core'
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
  readonly rows: number
  readonly types: StateTensors
  readonly tensors: ReadonlyMap<string, StateTensor>
}

export function stateLayout(graph: Graph): StateLayout {
  const tensors = new Map<string, StateTensor>()
  const parts: string[] = []
  let end = 0
  const types = stateTensors(graph)
  for (const [name, type] of [...types].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    const bytes = sizeOf(type.shape) * 4
    tensors.set(name, { type, offset: end, bytes })
    parts.push(`${name}: ${showType(type)}`)
    end += roundUp(bytes)
  }
  return { signature: parts.join('; '), bytes: end, rows: rowsOf(types), types, tensors }
}
