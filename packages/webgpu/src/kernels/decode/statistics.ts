/** What a retention step leaves behind so that the norm of each head needs no pass of its own. */
import type { Slot } from '../../compile/kernel.js'
import type { Lowering } from '../../compile/lowering.js'

export class HeadStatistics {
  /** Value columns of one tile; the last tile of a head may be shorter. */
  readonly tile: number
  readonly tiles: number
  readonly rows: number
  readonly heads: number
  readonly width: number
  /** Set by whoever reads them. `rms`: sum of squares of a tile. `layer`: its mean and the sum of squares about it. */
  wanted: 'rms' | 'layer' | null = null
  #slot: Slot | null = null

  constructor({ rows, heads, width, tile }: { rows: number; heads: number; width: number; tile: number }) {
    this.tile = tile
    this.tiles = Math.ceil(width / tile)
    this.rows = rows
    this.heads = heads
    this.width = width
  }

  /** [rows, heads, tiles] of one or two numbers. */
  slot(lowering: Lowering): Slot {
    this.#slot ??= lowering.scratch(this.rows * this.heads * this.tiles * 8)
    return this.#slot
  }
}
