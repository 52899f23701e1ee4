/**
 * Decides where the next value of each state is written: by its kernel straight into the state's memory when nothing reads the old
 * value any more, else into the arena and copied at the end of the run.
 */
import type { StateLayout } from '../state-layout.js'
import { copyFlat } from '../lower/copy-flat.js'
import type { Lowering } from './lowering.js'
import type { Place, PlanBuffer } from './record.js'

interface Update {
  readonly before: PlanBuffer
  readonly next: Place
}

/** The state inputs become places in the state's memory. Call before lowering. */
export function placeStates(l: Lowering, layout: StateLayout): void {
  for (const { name, input } of l.graph.states) {
    const { offset, bytes } = layout.tensors.get(name)!
    l.alias(input, { buffer: { kind: 'state', at: offset, bytes }, offset: 0 })
  }
}

/** Call after lowering, before the arena is arranged. */
export function updateStates(l: Lowering): void {
  const updates = l.graph.states.map(({ input, output }) => ({ before: l.place(input).buffer, next: l.place(output) }))
  const olds = new Set(updates.map(({ before }) => before))
  saveOldOutputs(l, olds)
  const open = updates.filter(({ before, next }) => next.buffer !== before)
  const copies = open.filter((update) => !writeInPlace(l, update))
  const staged = copies.map(({ before, next }) => ({
    before,
    next: olds.has(next.buffer) ? stage(l, next, before.bytes) : next,
  }))
  for (const { before, next } of staged) copyFlat(l, next, { buffer: before, offset: 0 }, before.bytes)
}

// A graph output that is the old value of a state must survive the update.
function saveOldOutputs(l: Lowering, olds: ReadonlySet<PlanBuffer>): void {
  for (const { value } of l.graph.outputs) {
    const place = l.place(value)
    if (olds.has(place.buffer)) l.alias(value, stage(l, place, l.size(value) * 4))
  }
}

function stage(l: Lowering, place: Place, bytes: number): Place {
  const copy = l.temporary(bytes)
  copyFlat(l, place, copy, bytes)
  return copy
}

function writeInPlace(l: Lowering, { before, next }: Update): boolean {
  const { buffer, offset } = next
  if (buffer.kind !== 'arena' || offset !== 0 || buffer.bytes !== before.bytes) return false
  const maker = l.calls.findIndex((call) => call.writes.includes(buffer))
  if (maker < 0) return false
  const lastRead = l.calls.findLastIndex((call) => call.reads.includes(before))
  const mayShare = l.calls[maker].inPlace.some(([to, from]) => to === buffer && from === before)
  if (lastRead > maker || (lastRead === maker && !mayShare)) return false
  buffer.kind = 'state'
  buffer.at = before.at
  return true
}
