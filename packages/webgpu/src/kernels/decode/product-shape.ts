/** How a product for few rows is cut into workgroups. */
import { isQuantized, type WeightEncoding } from '@retnet/core'
import type { Lowering } from '../../compile/lowering.js'
import type { Product } from './product.js'
import { type WeightChunks, weightChunks } from './weight-chunks.js'

/** Above this the weights are read again for each block of rows, from the cache. */
const maxBlock = 8
/** Loads that a lane keeps in flight. */
const loadsInFlight = 8
/** Of small numbers few make a load: lanes that are neighbours should find their part of x side by side too. */
const wordsPerLoad: Readonly<Record<WeightEncoding, number>> = { f32: 4, f16: 4, q8: 1, q4: 1 }

export interface ProductShape {
  readonly chunks: WeightChunks
  /** Blocks of rows, and rows of a block. */
  readonly blocks: number
  readonly block: number
  readonly lanes: number
  /** Rows of each weight, that is columns of the result, of one workgroup. */
  readonly columns: number
  /** Weights that make one result. */
  readonly streams: number
  /** Loads of one lane along a row of the weight, and how many of them are started together. */
  readonly steps: number
  readonly unroll: number
  /** True when the last load of some lanes is past the end. */
  readonly ragged: boolean
  /** N of each member, the first workgroup of each, and all workgroups of one block. */
  readonly widths: readonly number[]
  readonly starts: readonly number[]
  readonly tiles: number
}

export function productShape({ rows, inner, encoding, members }: Product, lowering: Lowering): ProductShape {
  const { profile } = lowering
  const chunks = weightChunks(encoding, inner, profile.tune.words ?? wordsPerLoad[encoding])!
  const blocks = Math.ceil(rows / maxBlock)
  const block = Math.ceil(rows / blocks)
  const streams = members[0].linears.length
  const widths = members.map(({ linears }) => lowering.type(linears[0].weight).shape[0])
  const most = profile.tune.lanes ?? (profile.subgroups ? (isQuantized(encoding) ? 128 : 256) : 64)
  const lanes = Math.min(most, profile.maxWorkgroupSize, Math.max(64, 2 ** Math.ceil(Math.log2(chunks.count))))
  // each result needs a lane in the end
  const columns = Math.min(
    profile.tune.columns ?? columnsPerGroup(widths, streams, block, wantedColumns(encoding, block, chunks.count)),
    Math.floor(lanes / block),
  )
  const steps = Math.ceil(chunks.count / lanes)
  const unroll = Math.min(steps, Math.max(1, Math.floor((profile.tune.flight ?? loadsInFlight) / (columns * streams))))
  const counts = widths.map((width) => Math.ceil(width / columns))
  return {
    chunks,
    blocks,
    block,
    lanes,
    columns,
    streams,
    steps,
    unroll,
    ragged: Math.ceil(steps / unroll) * unroll * lanes !== chunks.count,
    widths,
    starts: counts.map((_, m) => sum(counts.slice(0, m))),
    tiles: sum(counts),
  }
}

/** More columns read x less often, which counts with many rows, and more the fewer bits a weight has. */
function wantedColumns(encoding: WeightEncoding, block: number, loads: number): number {
  if (block > 2) return 4
  if (isQuantized(encoding)) return encoding === 'q4' ? 8 : 4
  return loads >= 512 ? 4 : 2
}

/** Fewer columns make more workgroups and so fill a large device. */
function columnsPerGroup(widths: readonly number[], streams: number, block: number, wanted: number): number {
  const enoughGroups = block > 2 ? 256 : 1024
  const groups = (columns: number) => sum(widths.map((width) => Math.ceil(width / columns)))
  return (
    [8, 4, 2, 1].find((columns) => columns <= wanted / streams && (groups(columns) >= enoughGroups || columns === 1)) ??
    1
  )
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, value) => total + value, 0)
}
