/** Matches the rotation of factor * x. Emits the rotation with the factor applied. */
import { sizeOf } from '@retnet/core'
import { emitRotary } from '../kernels/position/rotary.js'
import type { Peephole } from './peephole.js'

export const scaledRotary: Peephole = (node, { view, isFree }) => {
  if (node.op !== 'rotary' || sizeOf(view.type(node.outputs[0]).shape) === 0) return null
  const [value, place] = node.inputs as readonly number[]
  const scale = view.onlyFrom(value, node, 'scale')
  if (!scale || !isFree(scale) || view.isState(scale.inputs[0]!)) return null
  const { attributes, outputs } = node
  return {
    nodes: [scale, node],
    // the type of `value` has the heads, whatever was reshaped before
    emit(lowering) {
      const { factor } = scale.attributes
      emitRotary(
        { x: scale.inputs[0]!, shape: view.type(value).shape, place, y: outputs[0], factor, attributes },
        lowering,
      )
    },
  }
}
