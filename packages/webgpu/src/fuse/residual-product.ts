/**
 * Matches r + x W^T and factor r + x W^T, bias and what can be applied to x included: the second half of a block.
 * Emits one product that adds the residual to its sums.
 */
import { type GraphNode, sameShape } from '@retnet/core'
import { emitProduct } from '../kernels/decode/product.js'
import { type FoundLinear, linearInto } from './linear.js'
import type { Peephole, Scene } from './peephole.js'
import { findInput, inputBindings } from './product-input.js'

export const residualProduct: Peephole = (node, scene) => {
  const found = node.op === 'add' ? (findSum(node, 0, scene) ?? findSum(node, 1, scene)) : null
  if (!found) return null
  const { linear, skip } = found
  const { rows, inner, encoding } = linear
  const folded = findInput(linear.x, inner, [linear.product], scene)
  const fits = inputBindings(folded.input) + 5 <= scene.lowering.profile.maxStorageBuffers
  const input = fits ? folded.input : ({ kind: 'plain', x: linear.x } as const)
  const member = { linears: [linear.linear], activation: null, output: node.outputs[0] }
  return {
    nodes: [...(fits ? folded.nodes : []), ...linear.nodes, ...skip.nodes, node],
    emit: (lowering) =>
      emitProduct(
        { name: 'product.residual', rows, inner, encoding, input, members: [member], residual: skip },
        lowering,
      ),
  }
}

interface Skip {
  readonly nodes: readonly GraphNode[]
  readonly x: number
  readonly factor: number
}

function findSum(node: GraphNode<'add'>, side: 0 | 1, scene: Scene): { linear: FoundLinear; skip: Skip } | null {
  const { view } = scene
  const linear = linearInto(node.inputs[side], node, scene)
  const other = node.inputs[1 - side]!
  if (!linear || !sameShape(view.type(other).shape, view.type(node.inputs[side]!).shape) || view.isParameter(other))
    return null
  const scale = view.onlyFrom(other, node, 'scale')
  if (!scale || !scene.isFree(scale)) return { linear, skip: { nodes: [], x: other, factor: 1 } }
  return { linear, skip: { nodes: [scale], x: scale.inputs[0]!, factor: scale.attributes.factor } }
}
