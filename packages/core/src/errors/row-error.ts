import { RetNetError } from './retnet-error.js'

export type RowProblem = 'not-finite' | 'busy'

/** Something is wrong with one row of a batch; the others go on. */
export class RowError extends RetNetError {
  readonly row: number
  readonly problem: RowProblem

  constructor(row: number, problem: RowProblem, message: string, fix?: string) {
    super(`row ${row}: ${message}`, fix)
    this.row = row
    this.problem = problem
  }

  static notFinite(row: number): RowError {
    const fix =
      'The weights, the backend or the state of this row are broken: reset or restore it before it is used again.'
    return new RowError(row, 'not-finite', 'no token can be drawn, its logits are NaN or infinite.', fix)
  }

  static busy(row: number, operation: string, running: string): RowError {
    const fix = 'Await what is running, or work on another row.'
    return new RowError(row, 'busy', `${operation} was called while ${running} is running.`, fix)
  }
}
