/**
 * Matches activation(x A^T) * (x B^T), biases and a norm of x included: the first half of a gated feed-forward block.
 * Emits one product of two weights, in which a workgroup computes the same columns of both.
 */
import { isQuantized, type GraphNode } from '@retnet/core'
import { emitProduct } from '../kernels/decode/product.js'
import { type FoundLinear, linearInto } from './linear.js'
import type { Peephole, Scene } from './peephole.js'
import { findInput } from './product-input.js'

export const gatedPair: Peephole = (node, scene) => {
  const pair =
    node.op === 'mul'
      ? (findPair(node.inputs[0]!, node.inputs[1]!, node, scene) ??
        findPair(node.inputs[1]!, node.inputs[0]!, node, scene))
      : null
  if (!pair) return null
  const { gate, up, active } = pair
  const { input, nodes } = findInput(gate.x, gate.inner, [gate.product, up.product], scene)
  const { rows, inner, encoding } = gate
  const member = { linears: [gate.linear, up.linear], activation: active.op, output: node.outputs[0] }
  return {
    nodes: [...nodes, ...gate.nodes, ...up.nodes, active, node],
    emit: (lowering) =>
      emitProduct({ name: 'product.gated', rows, inner, encoding, input, members: [member], residual: null }, lowering),
  }
}

function findPair(first: number, second: number, node: GraphNode<'mul'>, scene: Scene) {
  const { view } = scene
  const active = view.onlyFrom(first, node, 'silu', 'gelu')
  const gate = active && linearInto(active.inputs[0], active, scene)
  const up = linearInto(second, node, scene)
  return active && gate && up && fits(gate, up, scene) ? { active, gate, up } : null
}

function fits(gate: FoundLinear, up: FoundLinear, { view, lowering }: Scene): boolean {
  const same =
    view.root(gate.x) === view.root(up.x) &&
    gate.encoding === up.encoding &&
    gate.columns === up.columns &&
    gate.rows === up.rows
  // x, its norm and the result; and of each weight its data, scales and bias
  const each = (linear: FoundLinear) =>
    1 + (isQuantized(linear.encoding) ? 1 : 0) + (linear.linear.bias === null ? 0 : 1)
  return same && 4 + each(gate) + each(up) <= lowering.profile.maxStorageBuffers
}
