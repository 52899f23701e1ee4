/** The engine of `retnet serve`: in a thread of its own, so that requests are answered while it computes. */
import { Worker } from 'node:worker_threads'
import type { TextEngine } from '@retnet/serve'
import { messageOf } from '../exit.js'
import type { Io } from '../io.js'
import { requireTokenizer, withModel } from '../model/open-model.js'
import type { ModelOptions } from '../options/model-options.js'
import { codecOf } from '../text/codec.js'

export interface EngineOptions extends ModelOptions {
  readonly rows: number
  readonly chunkTokens?: number
  /** MiB. */
  readonly prefixCache: number
}

/**
 * MiB for young objects. V8 would let them take more and more of a thread that runs for long; here few live longer than a step, and
 * the numbers themselves are not among them.
 */
const youngMebibytes = 24

export async function withEngine(
  io: Io,
  options: EngineOptions,
  use: (engine: TextEngine) => Promise<void>,
): Promise<void> {
  const { engineThread } = io
  if (engineThread === undefined) return runEngine(io, options, use)
  const { ThreadEngine } = await import('@retnet/serve')
  // commander's options are plain data, but for what it keeps beside them
  const workerData = structuredClone({ ...options })
  const resourceLimits = { maxYoungGenerationSizeMb: youngMebibytes }
  const start = () => new Worker(engineThread, { workerData, execArgv: [], resourceLimits })
  await using engine = await ThreadEngine.create(start, {
    onError: (error) => io.stderr.write(`retnet: ${messageOf(error)}\n`),
  })
  await use(engine)
}

/** Loads the model and runs its engine in this thread for as long as it is used. */
export async function runEngine(
  io: Io,
  options: EngineOptions,
  use: (engine: TextEngine) => Promise<void>,
): Promise<void> {
  await withModel(io, options, async (loaded) => {
    const { Engine, createConstraints, textEngine } = await import('@retnet/serve')
    const { rows, chunkTokens, prefixCache } = options
    const { promise: failure, reject: fail } = Promise.withResolvers<never>()
    failure.catch(() => {})
    using engine = await Engine.create(loaded.model, {
      rows,
      prefixBytes: prefixCache * 2 ** 20,
      ...(chunkTokens && { chunkTokens }),
      onFatal: fail,
    })
    await engine.prepare({ signal: io.signal })
    const codec = codecOf(await requireTokenizer(loaded))
    const createConstraint = createConstraints(codec, loaded.model.spec.vocabSize)
    try {
      await Promise.race([use(textEngine(engine, { codec, createConstraint })), failure])
    } finally {
      // the step that is running needs the model
      engine.abort()
      await engine.drain()
    }
  })
}
