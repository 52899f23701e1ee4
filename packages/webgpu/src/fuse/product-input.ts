/** Finds what a kernel can apply to the left side of a product while it reads it: a norm, or the norm of each head and a gate. */
import { type GraphNode, sameShape } from '@retnet/core'
import type { HeadsInput, ProductInput } from '../kernels/decode/product-input.js'
import type { Scene } from './peephole.js'

export interface FoundInput {
  readonly nodes: readonly GraphNode[]
  readonly input: ProductInput
}

/** `x` is the left side [rows, inner] of `products`; what is folded is seen by them alone. */
export function findInput(x: number, inner: number, products: readonly GraphNode[], scene: Scene): FoundInput {
  return (
    findGated(x, inner, products, scene) ??
    findNorm(x, inner, products, scene) ?? { nodes: [], input: { kind: 'plain', x } }
  )
}

/** Storage buffers that the input binds. */
export function inputBindings(input: ProductInput): number {
  if (input.kind === 'plain') return 1
  const affine = 1 + (input.weight === null ? 0 : 1) + (input.bias === null ? 0 : 1)
  return input.kind === 'heads' ? affine + 1 + (input.gate === null ? 0 : 1) : affine
}

function findNorm(x: number, inner: number, products: readonly GraphNode[], scene: Scene): FoundInput | null {
  const node = scene.view.maker(x)
  if (!node || !isNorm(node) || !scene.isFree(node) || !scene.view.onlyFor(x, products)) return null
  const heads = headsInput(node, inner, null, scene)
  if (heads) return { nodes: [node], input: heads }
  if (scene.view.type(node.outputs[0]).shape.at(-1) !== inner) return null
  const [from, weight, bias = null] = node.inputs
  const kind = node.op === 'rmsNorm' ? 'rms' : 'layer'
  return { nodes: [node], input: { kind, x: from!, weight, bias, epsilon: node.attributes.epsilon } }
}

function findGated(x: number, inner: number, products: readonly GraphNode[], scene: Scene): FoundInput | null {
  const { view } = scene
  const node = view.maker(x)
  if (node?.op !== 'mul' || !scene.isFree(node) || !view.onlyFor(x, products)) return null
  const [a, b] = node.inputs as readonly number[]
  for (const [normal, gate] of [
    [a, b],
    [b, a],
  ]) {
    const norm = view.onlyFrom(normal, node, 'rmsNorm', 'layerNorm')
    if (!norm || !scene.isFree(norm) || !sameShape(view.type(normal).shape, view.type(gate).shape)) continue
    const input = headsInput(norm, inner, gate, scene)
    if (input) return { nodes: [norm, node], input }
  }
  return null
}

/** The norm of each head of a retained value, if the step that retains it can leave its statistics. */
function headsInput(
  norm: GraphNode<'rmsNorm' | 'layerNorm'>,
  inner: number,
  gate: number | null,
  { view, statistics }: Scene,
): HeadsInput | null {
  const [x, weight, bias = null] = norm.inputs
  const left = statistics.get(view.root(x!))
  if (!left || left.wanted || view.type(x!).shape.at(-1) !== left.width || left.heads * left.width !== inner)
    return null
  left.wanted = norm.op === 'rmsNorm' ? 'rms' : 'layer'
  return { kind: 'heads', x: x!, weight, bias, epsilon: norm.attributes.epsilon, gate, statistics: left }
}

function isNorm(node: GraphNode): node is GraphNode<'rmsNorm' | 'layerNorm'> {
  return node.op === 'rmsNorm' || node.op === 'layerNorm'
}
