/** How the numbers of a chain are cut among lanes. */
import { sizeOf } from '@retnet/core'
import type { Lowering } from '../../compile/lowering.js'
import { type ChainNode, isNorm, numbersOf } from './chain-node.js'

export interface ChainShape {
  /** Neighbours that are read at once. */
  readonly unit: 4 | 1
  readonly element: 'vec4<f32>' | 'f32'
  /** Units of all numbers. */
  readonly units: number
  /** Units of a row that is normed by one workgroup; all where there is no norm. */
  readonly row: number
  readonly lanes: number
  /** Units that a lane holds. */
  readonly copies: number
}

/** A lane holds no more, lest its numbers leave the registers. */
export const maxCopies = 8
const maxLanes = 256

export function chainShape(nodes: readonly ChainNode[], { type }: Pick<Lowering, 'type'>): ChainShape {
  const total = sizeOf(type(nodes[0].outputs[0]).shape)
  const width = nodes.filter(isNorm).map((node) => type(node.inputs[0]!).shape.at(-1)!)[0]
  const sizes = nodes.flatMap((node) => numbersOf(node).map((value) => sizeOf(type(value).shape)))
  const decayed = nodes.filter(({ op }) => op === 'decayNorm').map(({ outputs }) => type(outputs[0]).shape.at(-1)!)
  const fours = [total, width ?? total, ...decayed, ...sizes.filter((size) => size > 1)].every((size) => size % 4 === 0)
  const unit = fours ? 4 : 1
  const row = (width ?? total) / unit
  // two units a lane, so that their reads overlap
  const lanes = width === undefined ? maxLanes : Math.min(maxLanes, Math.max(32, 2 ** Math.ceil(Math.log2(row / 2))))
  return {
    unit,
    element: fours ? 'vec4<f32>' : 'f32',
    units: total / unit,
    row,
    lanes,
    copies: width === undefined ? 1 : Math.ceil(row / lanes),
  }
}
