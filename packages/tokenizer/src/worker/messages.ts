/** What the two threads say to each other. All of it can be cloned. */
import type { DecodeOptions, EncodeOptions } from '../tokenizer-core.js'
import type { BpeTrainingOptions, TrainingProgress } from '../training/options.js'
import type { TrainedBpe } from '../training/train-bpe.js'

export interface BatchProgress {
  readonly phase: 'batch'
  readonly done: number
  readonly total: number
}

export type WorkerProgress = BatchProgress | TrainingProgress

export type CloneableTrainingOptions = Omit<BpeTrainingOptions, 'signal' | 'onProgress'>

/** Texts, each taken whole; or files whose lines are texts, as blobs or, in Node, by their paths. */
export type WorkerTexts = readonly string[] | readonly Blob[] | { readonly files: readonly string[] }

/** The calls and what they give. */
export interface Calls {
  load: (json: string | object) => { vocabularySize: number; specialTokens: ReadonlyMap<string, number> }
  encodeBatch: (texts: readonly string[], options: EncodeOptions) => Uint32Array[]
  decodeBatch: (lists: readonly ArrayLike<number>[], options: DecodeOptions) => string[]
  train: (texts: WorkerTexts, options: CloneableTrainingOptions) => TrainedBpe
}

export type CallName = keyof Calls

export type Request =
  | { readonly id: number; readonly call: CallName; readonly input: readonly unknown[] }
  | { readonly id: number; readonly abort: true }

export type Reply =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly progress: WorkerProgress }
  | { readonly id: number; readonly error: SentError }

export interface SentError {
  readonly name: string
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}
