/** The id of the highest score [V]; of equal ones the lowest id. */
export function greedy(scores: ArrayLike<number>): number {
  let best = 0
  for (let id = 1; id < scores.length; id++) if (scores[id] > scores[best]) best = id
  return best
}
