/** Cases that a backend leaves out, and why. */
export interface Skip {
  readonly reason: string
  /** Exact ids of cases. */
  readonly cases: readonly string[]
}

/** The reason of each skipped id. Throws for an id that no case has, so that a skip does not outlive what it names. */
export function skipReasons(skips: readonly Skip[], ids: readonly string[]): ReadonlyMap<string, string> {
  const reasons = new Map<string, string>()
  for (const { reason, cases } of skips) {
    if (!reason.trim()) throw new Error('A skip needs a reason.')
    for (const id of cases) {
      if (!ids.includes(id)) throw new Error(`skip (${reason}): there is no case ${JSON.stringify(id)}.`)
      reasons.set(id, reason)
    }
  }
  return reasons
}
