/** One bit for each token: bit id % 32 of word id / 32 is 1 where the token may be drawn. */
export type TokenMask = Uint32Array // [ceil(V / 32)]

/** Bans the tokens that the mask does not have. Changes `scores` [V] in place. Returns false if none can be drawn then. */
export function applyTokenMask(scores: Float64Array, mask: TokenMask): boolean {
  let possible = false
  for (let id = 0; id < scores.length; id++) {
    if (((mask[id >>> 5] >>> (id & 31)) & 1) === 0) scores[id] = -Infinity
    else if (scores[id] > -Infinity) possible = true
  }
  return possible
}
