/** Adds a number to the logits of some tokens. Changes `scores` [V] in place. */
export function logitBias(scores: Float64Array, biases: Iterable<readonly [id: number, bias: number]>): void {
  for (const [id, bias] of biases) scores[id] += bias
}
