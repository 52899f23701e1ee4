/** A tokenizer in a worker: the calls of `Tokenizer` as promises, so that the thread of the caller never blocks. */
import type { DecodeOptions, EncodeOptions } from '../tokenizer-core.js'
import type { TrainedBpe } from '../training/train-bpe.js'
import { WorkerCalls } from './calls.js'
import type { BatchProgress, CloneableTrainingOptions, WorkerTexts } from './messages.js'
import type { CreateWorker } from './start-worker.js'
import type { TrainingProgress } from '../training/options.js'

export interface WorkerOptions {
  /** Makes the worker that runs `@retnet/tokenizer/worker-thread`. Default: from the file beside this one. */
  readonly worker?: CreateWorker
}

export interface AbortOptions {
  /** Ends the call, which then rejects with the reason of the signal at once. */
  readonly signal?: AbortSignal
}

export interface BatchOptions extends AbortOptions {
  readonly onProgress?: (progress: BatchProgress) => void
}

export type WorkerTrainingOptions = CloneableTrainingOptions &
  AbortOptions & { readonly onProgress?: (progress: TrainingProgress) => void }

export class WorkerTokenizer {
  /** Number of tokens; ids run from 0 to one less. */
  readonly vocabularySize: number
  /** Ids of the special tokens by their text. */
  readonly specialTokens: ReadonlyMap<string, number>
  readonly #calls: WorkerCalls

  private constructor(
    calls: WorkerCalls,
    loaded: { vocabularySize: number; specialTokens: ReadonlyMap<string, number> },
  ) {
    this.#calls = calls
    this.vocabularySize = loaded.vocabularySize
    this.specialTokens = loaded.specialTokens
  }

  /** Starts a worker and reads a `tokenizer.json` in it. Throws what `Tokenizer.fromJson` throws, and `TokenizerWorkerError`. */
  static async fromJson(
    json: string | object,
    { worker, signal }: WorkerOptions & AbortOptions = {},
  ): Promise<WorkerTokenizer> {
    const calls = await WorkerCalls.start(worker)
    try {
      return new WorkerTokenizer(calls, await calls.call('load', [json], { signal }))
    } catch (error) {
      calls.dispose()
      throw error
    }
  }

  async encode(text: string, { signal, ...options }: EncodeOptions & AbortOptions = {}): Promise<Uint32Array> {
    return (await this.#calls.call('encodeBatch', [[text], options], { signal }))[0]
  }

  async decode(ids: ArrayLike<number>, { signal, ...options }: DecodeOptions & AbortOptions = {}): Promise<string> {
    return (await this.#calls.call('decodeBatch', [[ids], options], { signal }))[0]
  }

  encodeBatch(texts: readonly string[], options: EncodeOptions & BatchOptions = {}): Promise<Uint32Array[]> {
    const { signal, onProgress, ...rest } = options
    return this.#calls.call('encodeBatch', [texts, rest], { signal, onProgress })
  }

  decodeBatch(lists: readonly ArrayLike<number>[], options: DecodeOptions & BatchOptions = {}): Promise<string[]> {
    const { signal, onProgress, ...rest } = options
    return this.#calls.call('decodeBatch', [lists, rest], { signal, onProgress })
  }

  /** Ends the worker. Calls under way reject with `TokenizerWorkerError`. */
  dispose(): void {
    this.#calls.dispose()
  }

  [Symbol.dispose](): void {
    this.dispose()
  }
}

/**
 * `trainBpe` in a worker of its own. `texts` are strings, each taken whole, or files, whose lines are: a list of `Blob`, or in Node
 * `{ files: [path] }`, of any size.
 */
export async function trainInWorker(
  texts: WorkerTexts,
  { worker, signal, onProgress, ...options }: WorkerTrainingOptions & WorkerOptions = {},
): Promise<TrainedBpe> {
  using calls = await WorkerCalls.start(worker)
  return await calls.call('train', [texts, options], { signal, onProgress })
}
