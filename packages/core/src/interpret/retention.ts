import { chunkwiseRetention } from '../retention/chunkwise.js'
import { parallelRetention } from '../retention/parallel.js'
import { recurrentRetention, reverseRetention } from '../retention/recurrent.js'
import type { Meanings } from './tensor64.js'

/** The recurrent form defines the op; a caller may force another one to see that it is the same function. */
export const retentionMeanings: Meanings<'retention'> = {
  retention([q, k, v, mask, state], { logDecay, reverse }, _types, { form, chunk = 64 }) {
    const [batch, length, heads, keyWidth] = q!.type.shape
    const args = {
      size: { batch, length, heads, keyWidth, valueWidth: v!.type.shape[3] },
      q: q!.data as Float64Array,
      k: k!.data as Float64Array,
      v: v!.data as Float64Array,
      mask: mask ? (mask.data as Int32Array) : null,
      state: state ? (state.data as Float64Array) : null,
      logDecay,
    }
    if (reverse) return Object.values(reverseRetention(args))
    if (form === 'parallel') return Object.values(parallelRetention(args))
    if (form === 'chunkwise') return Object.values(chunkwiseRetention(args, chunk))
    return Object.values(recurrentRetention(args))
  },
}
