/** What a session keeps beside its state, as tensors that travel in the snapshot. */
import type { SnapshotTensor } from '@retnet/core'
import { GenerateArgumentError } from '../errors.js'
import { History } from './history.js'

/** A place in a text, but for the state. */
export interface Place {
  /** Tokens that the state has taken in. */
  readonly position: number
  /** Tokens after them. */
  readonly pending: readonly number[]
  readonly history: History
}

type Tensors = Readonly<Record<string, SnapshotTensor>>

export function placeTensors({ position, pending, history: { seen, output } }: Place): Tensors {
  const counts = [...seen].flatMap((id) => [id, output.get(id) ?? 0])
  return {
    'session.position': { shape: [1], data: Int32Array.of(position) },
    'session.pending': { shape: [pending.length], data: Int32Array.from(pending) },
    // one row for each distinct token: its id, and how often it occurs in the output
    'session.counts': { shape: [seen.size, 2], data: Int32Array.from(counts) },
  }
}

/** Throws a GenerateArgumentError if these are not the tensors of a session; ids outside of the vocabulary are the caller's to check. */
export function placeOf(tensors: Tensors): Place {
  const position = numbersOf(tensors, 'session.position')
  const pending = numbersOf(tensors, 'session.pending')
  const counts = numbersOf(tensors, 'session.counts')
  requireWhole('session.position', position.length === 1 && position[0] >= 0)
  return { position: position[0], pending: [...pending], history: historyOf(counts) }
}

function historyOf(counts: Int32Array): History {
  const rows = Array.from({ length: counts.length >> 1 }, (_, row) => [counts[2 * row], counts[2 * row + 1]] as const)
  requireWhole('session.counts', counts.length % 2 === 0 && rows.every(([, times]) => times >= 0))
  return new History(
    rows.map(([id]) => id),
    rows.filter(([, times]) => times > 0),
  )
}

function numbersOf(tensors: Tensors, name: string): Int32Array {
  const data = Object.hasOwn(tensors, name) ? tensors[name].data : undefined
  if (data instanceof Int32Array) return data
  throw new GenerateArgumentError({
    argument: 'bytes',
    expected: `the snapshot of a session, with ${name}`,
    actual: data ? 'one with other numbers' : 'one without',
    fix: 'Make it with session.snapshot().',
  })
}

function requireWhole(name: string, holds: boolean): void {
  if (holds) return
  throw new GenerateArgumentError({
    argument: 'bytes',
    expected: `whole ${name}`,
    actual: 'numbers that contradict one another',
  })
}
