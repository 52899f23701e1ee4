/**
 * Matches element-wise ops and norms of rows that feed one another, whatever they are: a residual and the norm after it, the activation
 * and product of a gate, the norm of heads and their gate. Grows backwards from the last one; emits one kernel, which also rounds to
 * halves what matrix products read.
 */
import { type GraphNode, sizeOf } from '@retnet/core'
import { type Chain, type ChainResult, emitChain } from '../kernels/elementwise/chain.js'
import { type ChainNode, isChainNode, isNorm, numbersOf } from '../kernels/elementwise/chain-node.js'
import { chainShape, maxCopies } from '../kernels/elementwise/chain-shape.js'
import { halfColumns } from '../kernels/matmul/matmul.js'
import type { Peephole, Scene } from './peephole.js'

export const elementChain: Peephole = (last, scene) => {
  if (!isChainNode(last) || !joins(last, last, scene) || !fits([last], scene)) return null
  let nodes: readonly ChainNode[] = [last]
  for (let next = grown(nodes, last, scene); next; next = grown(nodes, last, scene)) nodes = next
  const chain = chainOf(nodes, scene)
  return chain.results.length === 0 ? null : { nodes, emit: (lowering) => emitChain(chain, lowering) }
}

/** The chain with the maker of one more operand; null when it is complete. */
function grown(nodes: readonly ChainNode[], last: ChainNode, scene: Scene): readonly ChainNode[] | null {
  const { view, isFree } = scene
  const makers = nodes.flatMap(({ inputs }) => inputs.map((value) => (value === null ? null : view.maker(value))))
  for (const maker of makers) {
    if (!maker || !isChainNode(maker) || nodes.includes(maker) || !isFree(maker)) continue
    // a reader between the two might be what another member waits for
    const outside = view.readers(maker.outputs[0]).filter((reader) => !(nodes as readonly GraphNode[]).includes(reader))
    if (outside.some((reader) => view.place(reader) < view.place(last)) || !joins(maker, last, scene)) continue
    const more = [...nodes, maker].sort((a, b) => view.place(a) - view.place(b))
    if (fits(more, scene)) return more
  }
  return null
}

/** True if the node works on as many numbers as `last`, one by one or by rows. */
function joins(node: ChainNode, last: ChainNode, { view }: Scene): boolean {
  const { shape } = view.type(node.outputs[0])
  const total = sizeOf(shape)
  if (total === 0 || total !== sizeOf(view.type(last.outputs[0]).shape)) return false
  // a state is updated in place: those who read it before must not be moved
  if (node.inputs.some((value) => value !== null && view.isState(value))) return false
  return numbersOf(node).every((value) => view.type(value).dtype === 'f32' && repeats(view.type(value).shape, shape))
}

/** True if all numbers of an operand are used in turn, over and over: it is of the same shape, one number, or the last axes. */
function repeats(shape: readonly number[], result: readonly number[]): boolean {
  const first = shape.findIndex((extent) => extent !== 1)
  const own = first < 0 ? [] : shape.slice(first)
  return own.every((extent, axis) => extent === result[result.length - own.length + axis])
}

function fits(nodes: readonly ChainNode[], scene: Scene): boolean {
  const { view, lowering } = scene
  const widths = new Set(nodes.filter(isNorm).map(({ inputs }) => view.type(inputs[0]!).shape.at(-1)))
  if (widths.size > 1 || chainShape(nodes, lowering).copies > maxCopies) return false
  // of each its place and its table
  const decayed = nodes.filter(({ op }) => op === 'decayNorm').length
  const made = new Set(nodes.map(({ outputs }) => view.root(outputs[0])))
  const operands = nodes.flatMap((node) => numbersOf(node).map((value) => view.root(value)))
  const read = new Set(operands.filter((root) => !made.has(root))).size
  const written = resultsOf(nodes, scene).reduce(
    (sum, { plain, halfColumns: half }) => sum + Number(plain) + Number(half !== null),
    0,
  )
  return read + 2 * decayed + written <= lowering.profile.maxStorageBuffers
}

function chainOf(nodes: readonly ChainNode[], scene: Scene): Chain {
  return { nodes, results: resultsOf(nodes, scene), root: (value) => scene.view.root(value) }
}

function resultsOf(nodes: readonly ChainNode[], scene: Scene): ChainResult[] {
  const { view, lowering, isFree } = scene
  const { unit } = chainShape(nodes, lowering)
  return nodes.flatMap(({ outputs: [value] }) => {
    const readers = view.readers(value).filter((reader) => !(nodes as readonly GraphNode[]).includes(reader))
    if (readers.length === 0 && !view.isShown(value)) return []
    const halves = readers.map((reader) =>
      unit === 4 && reader.op === 'matmul' && isFree(reader) && view.root(reader.inputs[0]!) === view.root(value)
        ? halfColumns(reader, lowering)
        : null,
    )
    const [columns = null] = halves.filter((each) => each !== null)
    return [
      {
        value,
        plain: view.isShown(value) || halves.some((each) => each !== columns || each === null),
        halfColumns: columns,
      },
    ]
  })
}
