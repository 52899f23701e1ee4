/** A hash from a pair of numbers to a rank, all in one typed array: merges of a BPE model, edges of a trie. */

/** The pair is not there. Larger than every rank. */
export const NO_RANK = 0x7fffffff

export interface PairTable {
  /** `[left, right, rank]` per slot; left is -1 where the slot is free. */
  readonly slots: Int32Array // [capacity, 3]
  /** What a pair stands for, by rank: the id that a merge makes. */
  readonly values: Int32Array // [pairs]
  readonly shift: number
}

function hash(left: number, right: number, shift: number): number {
  return (Math.imul(left, 0x9e3779b1) ^ Math.imul(right + 0x7f4a7c15, 0x85ebca6b)) >>> shift
}

/** An empty table for `count` pairs, at most half full. */
export function createPairTable(count: number): PairTable {
  const bits = Math.max(4, Math.ceil(Math.log2(count * 2 + 1)))
  return { slots: new Int32Array(3 << bits).fill(-1), values: new Int32Array(count), shift: 32 - bits }
}

/** Adds a pair. Of two entries of one pair the later holds, as in the reference. */
export function addPair(table: PairTable, left: number, right: number, rank: number, value: number): void {
  const { slots, shift } = table
  const capacity = slots.length / 3
  let slot = hash(left, right, shift)
  while (slots[slot * 3] !== -1 && (slots[slot * 3] !== left || slots[slot * 3 + 1] !== right)) {
    slot = slot + 1 === capacity ? 0 : slot + 1
  }
  slots[slot * 3] = left
  slots[slot * 3 + 1] = right
  slots[slot * 3 + 2] = rank
  table.values[rank] = value
}

/** Rank of the pair, `NO_RANK` if it is not there. */
export function rankOf(table: PairTable, left: number, right: number): number {
  const slots = table.slots
  let at = hash(left, right, table.shift) * 3
  while (slots[at] !== -1) {
    if (slots[at] === left && slots[at + 1] === right) return slots[at + 2]
    at += 3
    if (at === slots.length) at = 0
  }
  return NO_RANK
}
