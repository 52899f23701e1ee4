/** How the weights of a product are cut into tiles and parts. */
import type { Lowering } from '../../compile/lowering.js'
import type { Product } from '../decode/product.js'
import { type WeightLines, weightLines } from './weight-lines.js'

/** Rows of a weight, that is columns of the result, of one workgroup: 16 for each of its subgroups. */
export const tileColumns = 64
export const tileLanes = 128

/** Workgroups that keep a large GPU busy: as many as it holds at once. */
const wantedGroups = 384
/** Steps of a part, at least: a workgroup reads ahead by one. */
const fewestSteps = 2
/** Numbers along the inner side that are staged at once, where there is room. */
const depths = [64, 32]

export interface TileShape {
  readonly lines: WeightLines
  readonly depth: number
  /** Steps of `depth` in each part of the inner side; parts. */
  readonly steps: number
  readonly parts: number
  /** Rows of x in sixteens. */
  readonly sixteens: number
  /** Weights in the order of their tiles, and the first tile of each. */
  readonly weights: readonly TileWeight[]
  readonly tiles: number
}

export interface TileWeight {
  readonly weight: number
  readonly member: number
  readonly stream: number
  readonly columns: number
  readonly firstTile: number
}

export function tileShape({ rows, inner, encoding, members }: Product, lowering: Lowering): TileShape {
  const { profile } = lowering
  const weights: TileWeight[] = []
  let tiles = 0
  members.forEach(({ linears }, member) =>
    linears.forEach(({ weight }, stream) => {
      const [columns] = lowering.type(weight).shape
      weights.push({ weight, member, stream, columns, firstTile: tiles })
      tiles += Math.ceil(columns / tileColumns)
    }),
  )
  const sixteens = Math.ceil(rows / 16)
  // halves of x and of the weight, rows padded by eight
  const fits = (depth: number) => (16 * sixteens + tileColumns) * (depth + 8) * 2 <= profile.maxWorkgroupBytes
  const depth = profile.tune.depth ?? depths.find(fits)!
  const all = Math.ceil(inner / depth)
  const wanted = Math.max(1, Math.round((profile.tune.groups ?? wantedGroups) / tiles))
  const steps = Math.max(fewestSteps, Math.ceil(all / wanted))
  return {
    lines: weightLines(encoding, inner)!,
    depth,
    steps,
    parts: Math.ceil(all / steps),
    sixteens,
    weights,
    tiles,
  }
}

/** Columns of the parts, all weights beside one another, each a whole number of tiles. */
export function partColumns({ tiles }: TileShape): number {
  return tiles * tileColumns
}
