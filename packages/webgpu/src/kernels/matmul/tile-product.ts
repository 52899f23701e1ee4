/** What the tiled kernels multiply: operands are described by WGSL text that reads them, so that one kernel serves weights, activations and retention. */
import type { Binding, Slot } from '../../compile/kernel.js'

/** A matrix with a long side `outer` (rows of A, columns of B) and the side `inner` that the product sums over. */
export interface TileOperand {
  /** The side along which neighbours in memory lie. */
  readonly along: 'inner' | 'outer'
  /** Neighbours that one read gives: 4 as vec4f, or 8 that memory holds as halves, as vec4<u32>. */
  readonly width: 4 | 8
  /** Reads from (outer, inner), a multiple of `width` along the near side. Must be zero past the end of `inner`. */
  at(outer: string, inner: string): string
}

/** One A times B; terms of a product are summed. */
export interface TileTerm {
  readonly inner: number
  readonly a: TileOperand
  readonly b: TileOperand
}

/** y[row, column] = sum over terms and inner of A[row, inner] B[column, inner], for each layer. */
export interface TileProduct {
  readonly name: string
  readonly rows: number
  readonly columns: number
  readonly layers: number
  readonly bindings: readonly Binding[]
  readonly declarations: string
  /** Parts of the inner side, each summed by workgroups of its own; the texts see `split`. Only with one layer. */
  readonly splits?: number
  /** Statements that set what the texts of operands and output use; they see `layer`. */
  readonly prologue: string
  readonly terms: readonly TileTerm[]
  readonly output: TileOutput
}

export interface TileOutput {
  readonly slot: Slot
  /** Offset of the layer's first element. */
  readonly base: string
  readonly stride: number
  /** Rows that the layer has, at most `rows`. */
  readonly rowLimit: string
}

/** Both operands give zeros up to a multiple of this past the end of `inner`. */
export const innerAlignment = 32

/** Tiles above one another that run at the same time share columns of B in the cache. */
const bandRows = 8

export function tileCount({ rows, columns }: TileProduct, tile: number): number {
  return Math.ceil(rows / tile) * Math.ceil(columns / tile)
}

/** Sets `layer`, `top` and `left` of the tile of this workgroup, walking down bands of tiles. */
export function tileOrigin({ rows, columns, splits = 1 }: TileProduct, tile: number): string {
  const [down, across] = [Math.ceil(rows / tile), Math.ceil(columns / tile)]
  return `let layer = ${splits > 1 ? '0u; let split = group.z' : 'group.z'};
let band = group.x / ${bandRows * across}u * ${bandRows}u;
let inBand = group.x % ${bandRows * across}u;
let bandHeight = min(${bandRows}u, ${down}u - band);
let top = (band + inBand % bandHeight) * ${tile}u;
let left = inBand / bandHeight * ${tile}u;`
}

export function lines(count: number, line: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => line(index)).join('\n')
}
