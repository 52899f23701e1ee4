/** BPE of one long piece: a linked list and a heap of candidate pairs, O(n log n), so that no input is quadratic. */
import { NO_RANK, rankOf, type PairTable } from '../pair-table.js'
import { NumberHeap } from './number-heap.js'

// A candidate is rank * 2^31 + position in one float64: ranks stay under 2^22, so it is exact and sorts by rank, then position.
const POSITIONS = 2 ** 31

/**
 * Merges `symbols[0 .. count]` in place, and with them `spans`, two numbers a symbol: where it starts and ends. Returns how many
 * symbols remain.
 */
export function mergeLong(table: PairTable, symbols: Int32Array, count: number, spans?: Int32Array): number {
  const next = new Int32Array(count)
  const previous = new Int32Array(count)
  const heap = new NumberHeap()
  for (let i = 0; i < count; i++) {
    next[i] = i + 1
    previous[i] = i - 1
  }

  const offer = (at: number): void => {
    if (at < 0 || next[at] >= count) return
    const rank = rankOf(table, symbols[at], symbols[next[at]])
    if (rank !== NO_RANK) heap.push(rank * POSITIONS + at)
  }
  for (let i = 0; i < count; i++) offer(i)

  while (heap.size > 0) {
    const candidate = heap.pop()
    const rank = Math.floor(candidate / POSITIONS)
    const at = candidate - rank * POSITIONS
    const right = next[at]
    // An absorbed symbol is -1; a pair that changed since it was offered has another rank.
    if (symbols[at] < 0 || right >= count || rankOf(table, symbols[at], symbols[right]) !== rank) continue
    symbols[at] = table.values[rank]
    symbols[right] = -1
    next[at] = next[right]
    if (next[at] < count) previous[next[at]] = at
    offer(previous[at])
    offer(at)
  }

  let length = 0
  for (let i = 0; i < count; i = next[i]) {
    symbols[length] = symbols[i]
    if (spans) {
      spans[length * 2] = spans[i * 2]
      spans[length * 2 + 1] = spans[next[i] * 2 - 1]
    }
    length++
  }
  return length
}
