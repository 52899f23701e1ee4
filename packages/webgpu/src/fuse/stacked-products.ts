/**
 * Matches all products of one x with weights of one encoding, each with its bias and activation, and a norm of x: queries, keys,
 * values and gate; a single layer too. Emits them as one kernel over several weights, or as few as the bindings allow.
 */
import { isQuantized } from '@retnet/core'
import { emitProduct, type ProductMember } from '../kernels/decode/product.js'
import { type FoundLinear, linearFrom } from './linear.js'
import type { Peephole, Scene } from './peephole.js'
import { findInput, inputBindings } from './product-input.js'

export const stackedProducts: Peephole = (node, scene) => {
  const first = linearFrom(node, scene)
  if (!first) return null
  const siblings = scene.view.readers(first.x).flatMap((reader) => linearFrom(reader, scene) ?? [])
  const stacked = siblings.filter(
    ({ encoding, inner, x }) =>
      encoding === first.encoding && inner === first.inner && scene.view.root(x) === scene.view.root(first.x),
  )
  const parts = stacked.map((linear) => ({ linear, ...withActivation(linear, scene) }))
  const { input, nodes } = findInput(
    first.x,
    first.inner,
    stacked.map(({ product }) => product),
    scene,
  )
  const { rows, inner, encoding } = first
  const bindings = parts.map(
    ({ linear }) => 2 + (isQuantized(encoding) ? 1 : 0) + (linear.linear.bias === null ? 0 : 1),
  )
  const groups = packed(
    parts.map(({ member }) => member),
    bindings,
    scene.lowering.profile.maxStorageBuffers - inputBindings(input),
  )
  return {
    nodes: [...nodes, ...parts.flatMap((part) => part.nodes)],
    emit(lowering) {
      for (const members of groups)
        emitProduct({ name: 'product.stacked', rows, inner, encoding, input, members, residual: null }, lowering)
    },
  }
}

function withActivation(linear: FoundLinear, { view, isFree }: Scene) {
  const active = view.onlyReader(linear.output, 'silu', 'gelu')
  const member: ProductMember = { linears: [linear.linear], activation: null, output: linear.output }
  if (!active || !isFree(active)) return { nodes: linear.nodes, member }
  return { nodes: [...linear.nodes, active], member: { ...member, activation: active.op, output: active.outputs[0] } }
}

/** Neighbours together as long as they need no more than `limit` bindings. */
function packed(members: readonly ProductMember[], bindings: readonly number[], limit: number): ProductMember[][] {
  const groups: ProductMember[][] = []
  let used = Number.POSITIVE_INFINITY
  for (const [index, member] of members.entries()) {
    used += bindings[index]
    if (used <= limit) {
      groups.at(-1)!.push(member)
    } else {
      groups.push([member])
      used = bindings[index]
    }
  }
  return groups
}
