/**
 * Frequency and presence penalty (OpenAI): a token that occurs n > 0 times in the output loses n * frequency + presence. The prompt does
 * not count. Changes `scores` [V] in place.
 */
export function outputPenalty(
  scores: Float64Array,
  output: Iterable<readonly [id: number, times: number]>,
  frequency: number,
  presence: number,
): void {
  if (frequency === 0 && presence === 0) return
  for (const [id, times] of output) scores[id] -= times * frequency + presence
}
