import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Tokenizer, TokenizerFormatError, TokenIdError } from '../index.js'
import { readText } from '../testing/files.js'
import { trainBpe } from '../train.js'
import { TokenizerWorkerError, trainInWorker, WorkerTokenizer } from '../worker.js'

// a thread of Node does not run TypeScript with these imports, so the program is built first
const folder = mkdtempSync(join(tmpdir(), 'retnet-worker-'))
const program = join(folder, 'worker-thread.mjs')
beforeAll(async () => {
  const entryPoints = [join(import.meta.dirname, '../worker-thread.ts')]
  await build({ entryPoints, bundle: true, format: 'esm', target: 'es2022', platform: 'neutral', outfile: program })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const worker = (): Worker => new Worker(program)

const json = readText('models/novels-7m/tokenizer.json')
const texts = ['The old house', 'naïve 日本 🤚🏾', '', '<|endoftext|>']

describe('WorkerTokenizer', () => {
  test('gives what the tokenizer gives, one by one and in batches', async () => {
    const tokenizer = Tokenizer.fromJson(json)
    using remote = await WorkerTokenizer.fromJson(json, { worker })
    expect(remote.vocabularySize).toBe(tokenizer.vocabularySize)
    expect(remote.specialTokens).toEqual(tokenizer.specialTokens)
    const ids = await Promise.all(texts.map((text) => remote.encode(text)))
    expect(ids).toEqual(texts.map((text) => tokenizer.encode(text)))
    expect(await remote.encodeBatch(texts)).toEqual(ids)
    expect(await remote.decodeBatch(ids)).toEqual(texts)
    expect(await remote.decode([...ids[0], 0], { skipSpecialTokens: true })).toBe(texts[0])
    expect(await remote.encode('<|endoftext|>', { parseSpecialTokens: false })).not.toEqual(ids[3])
  })

  test('throws the errors of the tokenizer with their class and fields', async () => {
    await expect(WorkerTokenizer.fromJson('{', { worker })).rejects.toThrow(TokenizerFormatError)
    using remote = await WorkerTokenizer.fromJson(json, { worker })
    const error: unknown = await remote.decode([1, 99_999]).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(TokenIdError)
    expect(error).toMatchObject({ id: 99_999, index: 1, name: 'TokenIdError' })
    await expect(remote.encode('a', { addSpecial: true } as never)).rejects.toThrow('options.addSpecial')
    expect(await remote.decode(await remote.encode('still there'))).toBe('still there')
  })

  test('reports a batch, stops it when it is aborted, and goes on with the next call', async () => {
    using remote = await WorkerTokenizer.fromJson(json, { worker })
    const many = Array<string>(20_000).fill(texts.join(' ').repeat(20))
    const controller = new AbortController()
    const seen: number[] = []
    const batch = remote.encodeBatch(many, {
      signal: controller.signal,
      onProgress: ({ done, total }) => {
        seen.push(done / total)
        controller.abort(new Error('enough'))
      },
    })
    await expect(batch).rejects.toThrow('enough')
    expect(seen[0]).toBeLessThan(1)
    expect(await remote.decode(await remote.encode('next'))).toBe('next')
    await expect(remote.encode('a', { signal: AbortSignal.abort(new Error('before')) })).rejects.toThrow('before')
  })

  test('rejects what is under way when it is disposed or its worker dies, and everything after', async () => {
    const remote = await WorkerTokenizer.fromJson(json, { worker })
    const under = remote.encodeBatch(Array<string>(1000).fill('x y z'))
    remote.dispose()
    await expect(under).rejects.toThrow(TokenizerWorkerError)
    await expect(remote.encode('a')).rejects.toThrow('disposed')
    const thread = worker()
    using dying = await WorkerTokenizer.fromJson(json, { worker: () => thread })
    await thread.terminate()
    await expect(dying.encode('a')).rejects.toThrow('the worker has failed: it has ended')
  })
})

test('trainInWorker learns what trainBpe learns, from texts and from files, and can be aborted', async () => {
  const lines = Array.from({ length: 400 }, (_, i) => `the cat ${i * 7919} sat on the mats\n`)
  const options = { vocabSize: 400, specialTokens: ['<|endoftext|>'] }
  const { json: expected } = await trainBpe(lines, options)
  expect((await trainInWorker(lines, { ...options, worker })).json).toBe(expected)
  const file = join(folder, 'text.txt')
  writeFileSync(file, lines.join(''))
  expect((await trainInWorker({ files: [file] }, { ...options, worker })).json).toBe(expected)
  expect((await trainInWorker([new Blob(lines)], { ...options, worker })).json).toBe(expected)
  await expect(trainInWorker({ files: ['/nowhere'] }, { worker })).rejects.toThrow('no such file')
  const controller = new AbortController()
  const onProgress = (): void => controller.abort(new Error('stopped'))
  const long = Array<string>(300)
    .fill(lines.join(''))
    .map((text, i) => text.replaceAll('cat', `cat${i}`))
  await expect(trainInWorker(long, { worker, onProgress, signal: controller.signal })).rejects.toThrow('stopped')
})
