/**
 * Matches factor * embed(table, ids). Emits the look-up with the factor applied.
 */
import { sizeOf } from '@retnet/core'
import { elementGroups, elementIndex, elementLanes, literal } from '../compile/indexing.js'
import { kernel, read, write } from '../compile/kernel.js'
import { matrixLoader } from '../kernels/matmul/weight-loader.js'
import type { Peephole } from './peephole.js'

export const scaledEmbed: Peephole = (node, scene) => {
  const scale = node.op === 'embed' ? scene.view.onlyReader(node.outputs[0], 'scale') : null
  if (node.op !== 'embed' || !scale || scene.lowering.pieces(node.inputs[0]!).length > 1) return null
  const [table, ids] = node.inputs as readonly number[]
  const width = scene.view.type(table).shape[1]
  const total = sizeOf(scene.view.type(scale.outputs[0]).shape)
  if (total === 0) return null
  return {
    nodes: [node, scale],
    emit(lowering) {
      const loader = matrixLoader(lowering, 'table', table, width)
      lowering.emit(
        kernel({
          name: 'embed.scaled',
          bindings: [
            ...loader.bindings,
            read('ids', lowering.slot(ids), 'i32'),
            write('y', lowering.slot(scale.outputs[0])),
          ],
          lanes: elementLanes,
          workgroups: [elementGroups(total)],
          declarations: loader.declarations,
          body: `${elementIndex(total)}\ny[index] = ${literal(scale.attributes.factor)} * tableAt(u32(ids[index / ${width}u]), index % ${width}u);`,
        }),
      )
    },
  }
}
