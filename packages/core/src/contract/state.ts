/** The state of a model between tokens: constant size, whatever the length of the text. Not a cache of tokens. */
import type { NamedTensors } from './tensor.js'

/**
 * Its tensors live on the device. Where the first axis of all of them is the same, it counts rows: independent sequences that can be
 * read, written, copied and reset alone. What concerns single rows throws ArgumentError for one that the state does not have or that
 * is named twice as a target, and GraphError for tensors or a state that do not fit; nothing is changed then.
 */
export interface State {
  /** Bytes held on the device. */
  readonly bytes: number
  /** First extent of every tensor; 0 where they have none in common, and there are no rows to address. */
  readonly rows: number
  /** An independent copy on the same device: one copy of `bytes`. */
  fork(): State
  /** Copies every state tensor to host memory, by its name in the graph. */
  read(): Promise<NamedTensors>
  /** Replaces every state tensor. Names and sizes must match exactly, else `GraphError` and nothing is changed. */
  write(tensors: NamedTensors): Promise<void>
  /** Back to zeros: as before the first token. */
  reset(): void
  /** As `read`, of these rows in this order: [rows.length, ...]. */
  readRows(rows: readonly number[]): Promise<NamedTensors>
  /** As `write`, to these rows: [rows.length, ...]. */
  writeRows(rows: readonly number[], tensors: NamedTensors): Promise<void>
  /**
   * Copies rows of `source`, a state of the same backend with the same tensors and any number of rows, on the device. `source` may be
   * this state; then all rows are read before one is written, so that they can be swapped.
   */
  copyRows(source: State, copies: readonly RowCopy[]): void
  resetRows(rows: readonly number[]): void
  dispose(): void
  [Symbol.dispose](): void
}

export interface RowCopy {
  /** Row of the source. */
  readonly from: number
  readonly to: number
}
