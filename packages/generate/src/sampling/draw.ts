/**
 * Draws one token by an exponential race, the Gumbel-max trick without its outer logarithm: every candidate gets its own uniform
 * number v from Philox, finishes at time -ln(1 - v) / weight, and the first one wins with probability weight / sum of weights.
 *
 *     v = (philox(counter = [id >> 2, index mod 2^32, index / 2^32, 0], key = [seed mod 2^32, seed / 2^32])[id & 3] + 1/2) / 2^32
 *
 * Why not the inverse of the cumulative distribution: that needs a sum in a fixed order, and an error e in the logits moves every
 * boundary between tokens, so that the draw differs with a probability of up to e times the size of the vocabulary. In a race only the
 * first two runners matter: it differs with a probability near e, no sort and no prefix sum are needed, and a GPU runs it in parallel.
 * 1 - v and not v, because small times decide and float32 holds a small v exactly enough (ln(1 - v) = -v - v^2/2 - ... below 1/256).
 */
import { philox } from './philox.js'

/** Which random numbers to use: the seed, and the index of the drawn token in its sequence (prompt included). */
export interface RandomPlace {
  /** Integer from 0 to 2^53 - 1. */
  readonly seed: number
  /** Integer from 0 to 2^53 - 1. */
  readonly index: number
}

const word = 2 ** 32
/** The smallest v. */
const smallest = 0.5 / word
const numbers = new Uint32Array(4)

/** One of the first `count` ids in `ids`; `weights` [V] >= 0 is indexed by id and not normalised. Equal times go to the lower id. */
export function draw(weights: Float64Array, ids: Int32Array, count: number, { seed, index }: RandomPlace): number {
  const [seedHigh, indexHigh] = [Math.floor(seed / word), Math.floor(index / word)]
  let group = -1
  let best = Infinity
  let winner = ids[0]
  for (let at = 0; at < count; at++) {
    const id = ids[at]
    const reach = best * weights[id]
    // -ln(1 - v) >= v: who cannot win with v in place of the logarithm cannot win
    if (!(reach >= smallest)) continue
    if (id >>> 2 !== group) {
      group = id >>> 2
      philox(numbers, group, index, indexHigh, 0, seed, seedHigh)
    }
    const v = (numbers[id & 3] + 0.5) / word
    if (v > reach) continue
    const time = -Math.log1p(-v) / weights[id]
    if (time < best || (time === best && id < winner)) {
      best = time
      winner = id
    }
  }
  return winner
}
