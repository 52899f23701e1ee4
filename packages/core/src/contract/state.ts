/** The state of a model between tokens: constant size, whatever the length of the text. Not a cache of tokens. */
import type { NamedTensors } from './tensor.js'

export interface State {
  /** Bytes held on the device. */
  readonly bytes: number
  /** An independent copy on the same device: one copy of `bytes`. */
  fork(): State
  /** Copies every state tensor to host memory, by its name in the graph. */
  read(): Promise<NamedTensors>
  /** Replaces every state tensor. Names and sizes must match exactly, else `GraphError` and nothing is changed. */
  write(tensors: NamedTensors): Promise<void>
  /** Back to zeros: as before the first token. */
  reset(): void
  dispose(): void
  [Symbol.dispose](): void
}
