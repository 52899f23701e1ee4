/** The rules of `State` about rows, for backends: what counts rows, which may be named, which copies depend on their order. */
import type { RowCopy } from '../contract/state.js'
import { showType } from '../contract/tensor.js'
import { ArgumentError } from '../errors/argument-error.js'
import { GraphError } from '../errors/graph-error.js'
import type { StateTensors } from './tensors.js'

export interface Rows {
  readonly rows: number
  readonly tensors: StateTensors
}

/** First extent of all tensors, or 0 where they have none in common. */
export function rowsOf(tensors: StateTensors): number {
  const extents = new Set([...tensors.values()].map(({ shape }) => shape[0] ?? 0))
  return extents.size === 1 ? [...extents][0] : 0
}

/** The same tensors with `count` rows. */
export function withRows(tensors: StateTensors, count: number): StateTensors {
  return new Map([...tensors].map(([name, { dtype, shape }]) => [name, { dtype, shape: [count, ...shape.slice(1)] }]))
}

/** Throws ArgumentError at the first of `rows` that the state does not have. */
export function requireRows(rows: readonly number[], { rows: count }: Pick<Rows, 'rows'>): void {
  if (count === 0) throw new GraphError('state: its tensors have no first axis in common, so there are no rows.')
  rows.forEach((row, index) => {
    if (Number.isInteger(row) && row >= 0 && row < count) return
    throw new ArgumentError({ argument: `rows[${index}]`, expected: `a row from 0 to ${count - 1}`, actual: row })
  })
}

/** The same for rows that are written: each at most once. */
export function requireTargets(rows: readonly number[], state: Pick<Rows, 'rows'>): void {
  requireRows(rows, state)
  const twice = rows.findIndex((row, index) => rows.indexOf(row) !== index)
  if (twice < 0) return
  throw new ArgumentError({ argument: `rows[${twice}]`, expected: 'each row at most once', actual: rows[twice] })
}

export function requireCopies(copies: readonly RowCopy[], source: Rows, target: Rows): void {
  const from = copies.map((copy) => copy.from)
  const to = copies.map((copy) => copy.to)
  requireRows(from, source)
  requireTargets(to, target)
  const [given, expected] = [showRow(source.tensors), showRow(target.tensors)]
  if (given !== expected) throw new GraphError(`state: expected rows of { ${expected} }, got rows of { ${given} }.`)
}

/** True if a row that is written is also read, so that the order of copies within one state would matter. */
export function copiesOverlap(copies: readonly RowCopy[]): boolean {
  const read = new Set(copies.map(({ from }) => from))
  return copies.some(({ to }) => read.has(to))
}

function showRow(tensors: StateTensors): string {
  const shown = [...withRows(tensors, 1)].map(([name, type]) => `${name} ${showType(type)}`)
  return shown.sort().join(', ')
}
