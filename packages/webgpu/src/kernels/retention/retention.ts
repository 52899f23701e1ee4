/** Chooses the form of retention. The state is updated in the memory of its next value, where the compiler has put the initial one. */
import type { Lowering, LowerRules } from '../../compile/lowering.js'
import { matrixTile, offersMatrices } from '../matmul/matrix-tile.js'
import { registerSide, registerTile } from '../matmul/register-tile.js'
import { emitChunkwise } from './chunkwise.js'
import { emitChunkwiseHalves, suitsHalves } from './chunkwise-halves.js'
import { type Tiler, emitChunkwiseTiles, suitsTiles } from './chunkwise-tiles.js'
import { emitRecurrent } from './recurrent.js'
import { type Retention, readRetention } from './shape.js'

export const retentionKernels: LowerRules<'retention'> = {
  retention(node, attributes, lowering) {
    const retention = readRetention(node, attributes, lowering)
    const { length } = retention
    const form = lowering.form === 'auto' ? (length === 1 ? 'recurrent' : 'chunkwise') : lowering.form
    if (form === 'recurrent') return emitRecurrent(retention, lowering)
    const chunk = form === 'parallel' ? length : Math.min(lowering.chunk, length)
    if (!lowering.profile.barriers || !suitsTiles(retention, chunk)) emitChunkwise(retention, chunk, lowering)
    else if (suitsMatrices(retention, chunk, lowering))
      emitChunkwiseHalves(retention, chunk, (product) => matrixTile(product), lowering)
    else {
      const tiler: Tiler = (product) => registerTile(product, registerSide(product, lowering.profile))
      emitChunkwiseTiles(retention, chunk, tiler, lowering)
    }
  },
}

/** Halves only beside weights that were rounded already, and where tiles of 128 are mostly full. */
function suitsMatrices(retention: Retention, chunk: number, { profile, rounded }: Lowering): boolean {
  const full = Math.min(retention.keyWidth, retention.valueWidth, chunk) >= 64
  return rounded && full && offersMatrices(profile) && suitsHalves(retention, chunk)
}
