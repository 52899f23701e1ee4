/** A cursor as bytes: the state as the model saves it, and beside it what a session must know to continue id for id. */
import type { SnapshotTensor } from '@retnet/core'
import { GenerateArgumentError } from '../errors.js'
import type { LanguageModel } from '../language-model.js'
import { Cursor } from './cursor.js'
import { History } from './history.js'

type Tensors = Readonly<Record<string, SnapshotTensor>>

export async function saveCursor(cursor: Cursor): Promise<Uint8Array> {
  const { seen, output } = cursor.history
  const counts = [...seen].flatMap((id) => [id, output.get(id) ?? 0])
  // read when nothing but the last token is pending
  return cursor.save(() => ({
    'session.position': { shape: [1], data: Int32Array.of(cursor.position) },
    // tokens that the state has not taken in
    'session.pending': { shape: [cursor.pending.length], data: Int32Array.from(cursor.pending) },
    // one row for each distinct token: its id, and how often it occurs in the output
    'session.counts': { shape: [seen.size, 2], data: Int32Array.from(counts) },
  }))
}

/** Throws a GenerateArgumentError for a snapshot that is not one of a session, and what the model throws for other bytes. */
export async function loadCursor(model: LanguageModel, bytes: Uint8Array): Promise<Cursor> {
  const { state, extra } = await model.loadState(bytes)
  try {
    const position = numbersOf(extra, 'session.position')
    const pending = numbersOf(extra, 'session.pending')
    const counts = numbersOf(extra, 'session.counts')
    requireWhole('session.position', position.length === 1 && position[0] >= 0)
    return new Cursor(model, state, position[0], idsOf(model, pending), historyOf(model, counts))
  } catch (error) {
    state.dispose()
    throw error
  }
}

function idsOf(model: LanguageModel, ids: Int32Array): number[] {
  model.checkTokens(ids)
  return [...ids]
}

function historyOf(model: LanguageModel, counts: Int32Array): History {
  const rows = Array.from({ length: counts.length >> 1 }, (_, row) => [counts[2 * row], counts[2 * row + 1]] as const)
  const seen = rows.map(([id]) => id)
  requireWhole('session.counts', counts.length % 2 === 0 && rows.every(([, times]) => times >= 0))
  model.checkTokens(seen)
  return new History(
    seen,
    rows.filter(([, times]) => times > 0),
  )
}

function numbersOf(extra: Tensors, name: string): Int32Array {
  const data = Object.hasOwn(extra, name) ? extra[name].data : undefined
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
