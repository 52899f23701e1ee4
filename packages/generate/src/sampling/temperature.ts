/**
 * Temperature > 0: scores become (score - highest) / temperature, so the best token has 0 and no temperature, however small, overflows.
 * Changes `scores` [V] in place. Temperature 0 is the limit: `greedy`.
 */
export function temperature(scores: Float64Array, value: number): void {
  let highest = -Infinity
  for (const score of scores) if (score > highest) highest = score
  for (let id = 0; id < scores.length; id++) scores[id] = (scores[id] - highest) / value
}
