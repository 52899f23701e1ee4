/** Gives every arena buffer its offset: lowest gap among the buffers that are alive with it; elementwise results take over a dying operand. */
import { roundUp } from '../memory/allocator.js'
import type { KernelCall, PlanBuffer } from './record.js'

interface Life {
  first: number
  last: number
}

/** `early` are written before the first call (inputs), `late` are read after the last one (outputs). Returns the bytes of the arena. */
export function arrange(
  calls: readonly KernelCall[],
  early: readonly PlanBuffer[],
  late: readonly PlanBuffer[],
): number {
  const lives = lifetimes(calls, early, late)
  const born = new Map<number, PlanBuffer[]>()
  for (const [buffer, { first }] of lives) born.set(first, [...(born.get(first) ?? []), buffer])
  let live: PlanBuffer[] = []
  let size = 0
  for (let index = -1; index < calls.length; index++) {
    for (const buffer of born.get(index) ?? []) {
      const donor = calls[index]?.inPlace.find(
        ([output, input]) =>
          output === buffer && input.bytes === buffer.bytes && lives.get(input)?.last === index && live.includes(input),
      )
      if (donor) live = live.filter((other) => other !== donor[1])
      buffer.at = donor ? donor[1].at : lowestGap(live, buffer.bytes)
      live.push(buffer)
      size = Math.max(size, buffer.at + roundUp(buffer.bytes))
    }
    live = live.filter((buffer) => lives.get(buffer)!.last > index)
  }
  return size
}

function lifetimes(
  calls: readonly KernelCall[],
  early: readonly PlanBuffer[],
  late: readonly PlanBuffer[],
): Map<PlanBuffer, Life> {
  const lives = new Map<PlanBuffer, Life>()
  const touch = (buffer: PlanBuffer, index: number) => {
    if (buffer.kind !== 'arena') return
    const life = lives.get(buffer)
    if (life) life.last = index
    else lives.set(buffer, { first: index, last: index })
  }
  for (const buffer of early) touch(buffer, -1)
  for (const [index, { reads, writes }] of calls.entries()) {
    for (const buffer of reads) touch(buffer, index)
    for (const buffer of writes) touch(buffer, index)
  }
  for (const buffer of late) touch(buffer, calls.length)
  return lives
}

function lowestGap(live: readonly PlanBuffer[], bytes: number): number {
  const size = roundUp(bytes)
  let at = 0
  for (const buffer of live.toSorted((a, b) => a.at - b.at)) {
    if (buffer.at - at >= size) return at
    at = Math.max(at, buffer.at + roundUp(buffer.bytes))
  }
  return at
}
