/**
 * Repetition penalty (Keskar et al., arXiv 1909.05858, as in transformers): logits of tokens seen in the prompt or the output are divided
 * by `penalty` if positive and multiplied by it if negative. 1 changes nothing; above 1 discourages. Changes `scores` [V] in place.
 */
export function repetitionPenalty(scores: Float64Array, seen: Iterable<number>, penalty: number): void {
  if (penalty === 1) return
  for (const id of seen) scores[id] = scores[id] > 0 ? scores[id] / penalty : scores[id] * penalty
}
