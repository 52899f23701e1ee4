/**
 * Cuts calls into parts that any thread may run, and says how many parts must be done before each call: all of those before the last
 * call that touched memory which this one touches.
 */
import type { KernelCall, PlanBuffer } from './record.js'

interface Span {
  readonly start: number
  readonly end: number
}

export interface Step {
  /** Parts that the call is cut into. */
  readonly parts: number
  /** Parts of all calls before it. */
  readonly first: number
  /** Parts, counted from the start, that must be done before it begins. */
  readonly required: number
}

export interface Schedule {
  readonly steps: readonly Step[]
  readonly total: number
}

/** Multiply-adds (or moved numbers) of a part below which claiming it costs more than it spreads (12 000 and 60 000 measured slower). */
const grain = 30_000
/** More parts than threads, so that a thread which was taken off its core does not hold up the others for long. */
const partsPerThread = 2

export function makeSchedule(calls: readonly KernelCall[], threads: number): Schedule {
  const meetings = findMeetings(calls)
  const steps: Step[] = []
  let first = 0
  let required = 0
  for (const [index, { work, units }] of calls.entries()) {
    const parts = Math.max(1, Math.min(Math.floor(work / grain), units, threads * partsPerThread))
    if (meetings[index]) required = first
    steps.push({ parts, first, required })
    first += parts
  }
  return { steps, total: first }
}

function findMeetings(calls: readonly KernelCall[]): boolean[] {
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
