/** BPE of one short piece: a scan for the best pair before every merge. Quadratic, and the fastest up to about 100 symbols. */
import { NO_RANK, rankOf, type PairTable } from '../pair-table.js'

/** Longest piece to merge by scanning; longer ones go to `mergeLong`. */
export const LONGEST_SHORT_PIECE = 96

const ranks = new Int32Array(LONGEST_SHORT_PIECE)

/** Merges `symbols[0 .. count]` in place; returns how many symbols remain. */
export function mergeShort(table: PairTable, symbols: Int32Array, count: number): number {
  const last = count - 1
  for (let i = 0; i < last; i++) ranks[i] = rankOf(table, symbols[i], symbols[i + 1])
  let length = count
  for (;;) {
    let best = NO_RANK
    let at = 0
    for (let i = 0; i < length - 1; i++) {
      if (ranks[i] < best) {
        best = ranks[i]
        at = i
      }
    }
    if (best === NO_RANK) return length
    symbols[at] = table.values[best]
    length--
    for (let i = at + 1; i < length; i++) {
      symbols[i] = symbols[i + 1]
      ranks[i] = ranks[i + 1]
    }
    if (at > 0) ranks[at - 1] = rankOf(table, symbols[at - 1], symbols[at])
    if (at < length - 1) ranks[at] = rankOf(table, symbols[at], symbols[at + 1])
  }
}
