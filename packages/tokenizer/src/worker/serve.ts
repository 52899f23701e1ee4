/** The side of the worker: takes calls from a port and answers them. It knows no kind of worker. */
import type * as FileSystem from 'node:fs'
import { Tokenizer } from '../tokenizer.js'
import { linesOf } from '../training/lines.js'
import { createPause } from '../training/pause.js'
import { trainBpe } from '../training/train-bpe.js'
import { toSent } from './errors.js'
import type { Calls, Reply, Request, WorkerProgress, WorkerTexts } from './messages.js'

export type Post = (reply: Reply, transfer: ArrayBuffer[]) => void

interface Running {
  readonly signal: AbortSignal
  readonly onProgress: (progress: WorkerProgress) => void
}

/** Gives what is to be called with each message that comes in. */
export function serve(post: Post): (request: Request) => void {
  const running = new Map<number, AbortController>()
  const calls = createCalls()
  return (request) => {
    if ('abort' in request) return running.get(request.id)?.abort()
    const { id, call, input } = request
    const controller = new AbortController()
    running.set(id, controller)
    const context: Running = {
      signal: controller.signal,
      onProgress: (progress) => post({ id, progress }, []),
    }
    const work = calls[call] as (running: Running, ...input: readonly unknown[]) => Promise<unknown>
    work(context, ...input)
      .then(
        (result) => post({ id, result }, transferable(result)),
        (error: unknown) => post({ id, error: toSent(error) }, []),
      )
      .finally(() => running.delete(id))
  }
}

type AsyncCalls = {
  [K in keyof Calls]: (running: Running, ...input: Parameters<Calls[K]>) => Promise<ReturnType<Calls[K]>>
}

function createCalls(): AsyncCalls {
  let tokenizer: Tokenizer | undefined
  return {
    load: async (_, json) => {
      tokenizer = await Tokenizer.load(json)
      return { vocabularySize: tokenizer.vocabularySize, specialTokens: tokenizer.specialTokens }
    },
    encodeBatch: (running, texts, options) => each(running, texts, (text) => tokenizer!.encode(text, options)),
    decodeBatch: (running, lists, options) => each(running, lists, (ids) => tokenizer!.decode(ids, options)),
    train: async (running, texts, options) => trainBpe(trainingTexts(texts), { ...options, ...running }),
  }
}

async function each<From, To>(
  { signal, onProgress }: Running,
  items: readonly From[],
  work: (item: From) => To,
): Promise<To[]> {
  const pause = createPause(signal, (done) => onProgress({ phase: 'batch', done, total: items.length }))
  const results: To[] = []
  for (const item of items) {
    results.push(work(item))
    await pause(results.length)
  }
  return results
}

async function* trainingTexts(texts: WorkerTexts): AsyncGenerator<string | readonly string[]> {
  if ('files' in texts) {
    yield* linesOfFiles(texts.files)
    return
  }
  for (const text of texts) {
    if (text instanceof Blob) yield* linesOf(text.stream())
    else yield text
  }
}

async function* linesOfFiles(paths: readonly string[]): AsyncGenerator<readonly string[]> {
  // not a literal, so that bundlers for browsers leave it alone
  const builtin = 'node:fs'
  const { createReadStream } = (await import(/* @vite-ignore */ /* webpackIgnore: true */ builtin)) as typeof FileSystem
  for (const path of paths) yield* linesOf(createReadStream(path) as AsyncIterable<Uint8Array>)
}

function transferable(result: unknown): ArrayBuffer[] {
  if (!Array.isArray(result)) return []
  return result.flatMap((ids: unknown) => (ids instanceof Uint32Array ? [ids.buffer as ArrayBuffer] : []))
}
