/** Chooses the form of retention. The state is updated in the memory of its next value, where the compiler has put the initial one. */
import type { Lowering, LowerRules } from '../../compile/lowering.js'
import { matrixTile, offersMatrices } from '../matmul/matrix-tile.js'
import { registerSide, registerTile } from '../matmul/register-tile.js'
import { emitChunkwise } from './chunkwise.js'
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
    if (!lowering.profile.barriers || !suitsTiles(retention, chunk)) return emitChunkwise(retention, chunk, lowering)
    emitChunkwiseTiles(retention, chunk, tilerFor(retention, chunk, lowering), lowering)
  },
}

/** Halves only beside weights that were rounded already, and where tiles of 128 are mostly full. */
function tilerFor({ keyWidth, valueWidth }: Retention, chunk: number, { profile, rounded }: Lowering): Tiler {
  const full = Math.min(keyWidth, valueWidth, chunk) >= 64
  if (rounded && full && offersMatrices(profile)) return (product) => matrixTile(product)
  return (product) => registerTile(product, registerSide(product, profile))
}
