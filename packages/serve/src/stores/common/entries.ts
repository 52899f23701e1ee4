import { LogOrderError } from '../errors.js'
import type { Json } from '../contract.js'

/** Where a log ends, as far as an append needs to know it. */
export interface LogEnd {
  readonly length: number
  readonly closed: boolean
  /** The entries from `index` on; asked for only if an append looks like the repetition of one whose answer was lost. */
  from(index: number): readonly Json[]
}

/** True if the entries are to be added, false if the log has exactly these at its end already. Throws LogOrderError otherwise. */
export function isNews(end: LogEnd, turn: string, index: number, entries: readonly Json[], last: boolean): boolean {
  if (index === end.length && !end.closed) return true
  const repeats = index + entries.length === end.length && (last || !end.closed) && index >= 0
  if (repeats && JSON.stringify(end.from(index)) === JSON.stringify(entries)) return false
  throw new LogOrderError(turn, index, end.closed ? 'closed' : end.length)
}
