/** Chooses the form of retention. The state is updated in the memory of its next value, where the compiler has put the initial one. */
import type { LowerRules } from '../../compile/lowering.js'
import { emitChunkwise } from './chunkwise.js'
import { emitRecurrent } from './recurrent.js'
import { readRetention } from './shape.js'

export const retentionKernels: LowerRules<'retention'> = {
  retention(node, attributes, lowering) {
    const retention = readRetention(node, attributes, lowering)
    const { length } = retention
    const form = lowering.form === 'auto' ? (length === 1 ? 'recurrent' : 'chunkwise') : lowering.form
    if (form === 'recurrent') emitRecurrent(retention, lowering)
    else emitChunkwise(retention, form === 'parallel' ? length : Math.min(lowering.chunk, length), lowering)
  },
}
