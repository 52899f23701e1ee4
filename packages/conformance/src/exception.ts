/** Cases that a backend treats differently, and why. */
export interface Exception {
  readonly reason: string
  /** Exact ids of cases. */
  readonly cases: readonly string[]
}

/** The exception of each id. Throws for an id that no case has, so that an exception does not outlive what it names. */
export function exceptionsById<E extends Exception>(
  exceptions: readonly E[],
  ids: readonly string[],
): ReadonlyMap<string, E> {
  const known = new Set(ids)
  const byId = new Map<string, E>()
  for (const exception of exceptions) {
    if (!exception.reason.trim()) throw new Error('An exception needs a reason.')
    for (const id of exception.cases) {
      if (!known.has(id)) throw new Error(`${exception.reason}: there is no case ${JSON.stringify(id)}.`)
      byId.set(id, exception)
    }
  }
  return byId
}
