import { RetNetError } from './retnet-error.js'

export type SnapshotProblem =
  | 'not-a-snapshot'
  | 'version'
  | 'truncated'
  | 'trailing-bytes'
  | 'header'
  | 'checksum'
  | 'other-model'
  | 'other-weights'
  | 'other-tokenizer'
  | 'shape'
  | 'not-finite'

/** Snapshot bytes that cannot be restored; the state they were meant for is unchanged. */
export class SnapshotError extends RetNetError {
  readonly problem: SnapshotProblem

  constructor(problem: SnapshotProblem, message: string, fix?: string) {
    super(`snapshot: ${message}`, fix)
    this.problem = problem
  }
}
