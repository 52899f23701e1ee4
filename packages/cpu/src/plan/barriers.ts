/** Decides before which calls all threads must meet: only where a call touches memory that one since the last meeting touched. */
import type { KernelCall, PlanBuffer } from './record.js'

interface Span {
  readonly start: number
  readonly end: number
}

export function findBarriers(calls: readonly KernelCall[]): boolean[] {
  let reads: Span[] = []
  let writes: Span[] = []
  return calls.map((call) => {
    const nowReads = call.reads.flatMap(spanOf)
    const nowWrites = call.writes.flatMap(spanOf)
    const meet = overlap(writes, nowReads) || overlap(writes, nowWrites) || overlap(reads, nowWrites)
    if (meet) [reads, writes] = [[], []]
    reads.push(...nowReads)
    writes.push(...nowWrites)
    return meet
  })
}

// The arena and the state block are different memory: their offsets must not meet.
const stateBase = 2 ** 40

function spanOf(buffer: PlanBuffer): Span[] {
  if (buffer.kind === 'fixed') return []
  const start = buffer.kind === 'state' ? stateBase + buffer.at : buffer.at
  return [{ start, end: start + buffer.bytes }]
}

function overlap(one: readonly Span[], other: readonly Span[]): boolean {
  return one.some((a) => other.some((b) => a.start < b.end && b.start < a.end))
}
