import { sizeOf } from '@retnet/core'
import { elementGroups, elementIndex, elementLanes } from '../../compile/indexing.js'
import { kernel, type Slot, write } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'
import { matrixLoader } from './weight-loader.js'

/** Unpacks a 16- or 8-bit weight to f32 for an op that has no kernel for packed weights. */
export function emitUnpack(lowering: Lowering, value: number, shape: readonly number[]): Slot {
  const columns = shape[shape.length - 1]
  const total = sizeOf(shape)
  const target = lowering.scratch(total * 4)
  const loader = matrixLoader(lowering, 'w', value, columns)
  lowering.emit(
    kernel({
      name: 'unpack',
      bindings: [...loader.bindings, write('y', target)],
      lanes: elementLanes,
      workgroups: [elementGroups(total)],
      declarations: loader.declarations,
      body: `${elementIndex(total)}\ny[index] = wAt(index / ${columns}u, index % ${columns}u);`,
    }),
  )
  return target
}
