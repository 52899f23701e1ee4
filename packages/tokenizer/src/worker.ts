/** The entry `@retnet/tokenizer/worker`: encoding, decoding and training in a worker, in browsers and in Node. */
export { TokenizerWorkerError } from './worker/errors.js'
export type { BatchProgress, WorkerTexts } from './worker/messages.js'
export type { CreateWorker } from './worker/start-worker.js'
export {
  trainInWorker,
  WorkerTokenizer,
  type AbortOptions,
  type BatchOptions,
  type WorkerOptions,
  type WorkerTrainingOptions,
} from './worker/worker-tokenizer.js'
