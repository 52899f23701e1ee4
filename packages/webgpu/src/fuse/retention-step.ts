/**
 * Matches retention of one token, forwards, with the rotation and scaling of q and k, heads shared by groups, and decayNorm after it.
 * Emits one step kernel; a product that norms the heads of its result asks it for their statistics.
 */
import type { GraphNode, RotaryAttributes } from '@retnet/core'
import { emitRetentionStep, type StepOperand, tileFours } from '../kernels/decode/retention-step.js'
import { HeadStatistics } from '../kernels/decode/statistics.js'
import { rotationTable } from '../kernels/position/rotation-table.js'
import type { Peephole, Scene } from './peephole.js'

interface FoundOperand extends StepOperand {
  readonly nodes: readonly GraphNode[]
  /** The folded node that reads `value`. */
  readonly reader: GraphNode
}

export const retentionStep: Peephole = (node, scene) => {
  const { view } = scene
  if (node.op !== 'retention' || node.attributes.reverse) return null
  const [rows, length, heads, keyWidth] = view.type(node.inputs[0]!).shape
  const valueWidth = view.type(node.inputs[2]!).shape[3]
  const fits = length === 1 && rows * heads > 0 && keyWidth >= 4 && valueWidth > 0 && valueWidth % 4 === 0
  if (!fits || scene.lowering.profile.maxStorageBuffers < 9) return null

  const [grouped, groupedKeys, v] = [0, 1, 2].map((index) => withGroups(node.inputs[index]!, node, heads, scene))
  const rotary = findRotation(grouped, groupedKeys, scene)
  const [q, k] = (rotary?.operands ?? [grouped, groupedKeys]).map((operand) =>
    rotary === null ? operand : withScale(operand, scene),
  )
  const decay = view.onlyReader(node.outputs[0], 'decayNorm')
  const divided = decay && (!rotary?.place || view.root(decay.inputs[1]!) === view.root(rotary.place)) ? decay : null
  const output = divided ? divided.outputs[0] : node.outputs[0]
  const statistics = new HeadStatistics({
    rows,
    heads,
    width: valueWidth,
    tile: 4 * tileFours(rows, heads, valueWidth, scene.lowering.profile),
  })
  scene.statistics.set(view.root(output), statistics)
  const rotation = rotary?.attributes
    ? {
        place: rotary.place!,
        angles: rotationTable(keyWidth, rotary.attributes),
        layout: rotary.attributes.layout,
        inverse: rotary.attributes.inverse,
      }
    : null
  const { logDecay } = node.attributes
  const decayNorm = divided && { place: divided.inputs[1]!, logDecay: divided.attributes.logDecay }
  const step = {
    rows,
    heads,
    keyWidth,
    valueWidth,
    logDecay,
    q,
    k,
    v,
    mask: node.inputs[3],
    state: node.outputs[1],
    output,
    rotation,
    decayNorm,
    statistics,
  }
  return {
    nodes: [...q.nodes, ...k.nodes, ...v.nodes, node, ...(divided ? [divided] : [])],
    emit: (lowering) => emitRetentionStep(step, lowering),
  }
}

/** Looks through the repetition of each head for a group of neighbours: [B, 1, G, 1, D] -> [B, 1, G, H / G, D]. */
function withGroups(value: number, reader: GraphNode, heads: number, { view }: Scene): FoundOperand {
  const plain = { value, factor: 1, group: 1, nodes: [], reader }
  const broadcast = view.onlyFrom(value, reader, 'broadcast')
  if (!broadcast) return plain
  const from = view.type(broadcast.inputs[0]!).shape
  const to = view.type(broadcast.outputs[0]).shape
  const width = view.type(value).shape[3]
  const repeats =
    from.length === 5 &&
    to.length === 5 &&
    from[3] === 1 &&
    from.every((extent, axis) => axis === 3 || extent === to[axis])
  if (!repeats || to[1] !== 1 || to[2] * to[3] !== heads || to[4] !== width) return plain
  return { ...plain, value: broadcast.inputs[0]!, group: to[3], nodes: [broadcast], reader: broadcast }
}

interface FoundRotation {
  readonly operands: readonly [FoundOperand, FoundOperand]
  readonly attributes: RotaryAttributes | null
  readonly place: number | null
}

/** The rotation that q and k have in common, or none of both; null when they differ. */
function findRotation(q: FoundOperand, k: FoundOperand, { view }: Scene): FoundRotation | null {
  const [ofQ, ofK] = [q, k].map(({ value, reader }) => view.onlyFrom(value, reader, 'rotary'))
  if (!ofQ && !ofK) return { operands: [q, k], attributes: null, place: null }
  if (!ofQ || !ofK || view.root(ofQ.inputs[1]!) !== view.root(ofK.inputs[1]!)) return null
  if (JSON.stringify(ofQ.attributes) !== JSON.stringify(ofK.attributes)) return null
  const unwrap = (operand: FoundOperand, rotary: GraphNode<'rotary'>): FoundOperand => ({
    ...operand,
    value: rotary.inputs[0]!,
    nodes: [...operand.nodes, rotary],
    reader: rotary,
  })
  return { operands: [unwrap(q, ofQ), unwrap(k, ofK)], attributes: ofQ.attributes, place: ofQ.inputs[1] }
}

function withScale(operand: FoundOperand, { view }: Scene): FoundOperand {
  const scale = view.onlyFrom(operand.value, operand.reader, 'scale')
  if (!scale) return operand
  return {
    ...operand,
    value: scale.inputs[0]!,
    factor: scale.attributes.factor,
    nodes: [...operand.nodes, scale],
    reader: scale,
  }
}
