/** Retention in its parallel form, from matrix products and exponentials: what a backend without the op runs. */
import type { Value } from '../graph/builder.js'
import type { Expansion } from '../graph/expand.js'
import { batchMatmul, matmul } from '../ops/contraction.js'
import { add, exp, mul, sub } from '../ops/elementwise.js'
import { cast, constant, fill, reshape, transpose } from '../ops/structure.js'
import { sum } from '../ops/reduction.js'

export const retentionExpansion: { readonly retention: Expansion<'retention'> } = {
  retention([q, k, v, mask, state], { logDecay, reverse }) {
    const [batch, length, heads] = q!.type.shape
    const builder = q!.builder
    const [queries, keys, values] = [q!, k!, v!].map((x) => transpose(x, [0, 2, 1, 3])) // [B, H, T, D]
    const rates = constant(builder, [1, heads, 1, 1], logDecay)
    const decay = (exponent: Value) => exp(mul(exponent, rates))
    const live = mask ? cast(mask) : fill(builder, [batch, length], 1) // [B, T]
    const order = constant(builder, [length, length], triangle(length, reverse))
    // steps[b, n]: unmasked tokens from the start of the pass up to and including n
    const steps = matmul(live, order, { transposeB: true })
    const [rowSteps, columnSteps] = [reshape(steps, [batch, 1, length, 1]), reshape(steps, [batch, 1, 1, length])]
    const [rowLive, columnLive] = [reshape(live, [batch, 1, length, 1]), reshape(live, [batch, 1, 1, length])]
    const causal = mul(reshape(order, [1, 1, length, length]), mul(rowLive, columnLive))
    // the exponent is masked before exp, so that the future cannot overflow
    const decays = mul(decay(mul(sub(rowSteps, columnSteps), causal)), causal) // [B, H, T, T]
    const scores = mul(batchMatmul(queries, keys, { transposeB: true }), decays)

    // in reverse a step decays after it reads, so the state is one step younger for readers and one older at the end
    const shift = fill(builder, [1], reverse ? 1 : 0)
    const total = sum(rowLive, [2]) // [B, 1, 1, 1]
    const keyDecay = mul(decay(add(sub(total, rowSteps), shift)), rowLive) // [B, H, T, 1]
    let output = batchMatmul(scores, values)
    let next = batchMatmul(keys, mul(values, keyDecay), { transposeA: true }) // [B, H, Dk, Dv]
    if (state) {
      const readDecay = mul(decay(sub(rowSteps, shift)), rowLive)
      output = add(output, mul(batchMatmul(queries, state), readDecay))
      next = add(next, mul(state, decay(total)))
    }
    return [transpose(output, [0, 2, 1, 3]), next]
  },
}

/** [T, T] of 0 and 1: entry (n, m) is 1 when the pass reaches m no later than n. */
function triangle(length: number, reverse: boolean): number[] {
  return Array.from({ length: length * length }, (_, at) => {
    const [n, m] = [Math.floor(at / length), at % length]
    return (reverse ? m >= n : m <= n) ? 1 : 0
  })
}
