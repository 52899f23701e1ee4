import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Tokenizer } from '../index.js'
import { readJson } from '../testing/files.js'
import { type BpeTrainingOptions, linesOf, trainBpe } from '../train.js'
import { createCorpus } from './corpus.js'
import { learnMerges } from './learn-merges.js'
import { learnMergesPlainly } from './learn-merges-plainly.js'
import { checkOptions } from './options.js'

interface Reference {
  readonly texts: readonly string[]
  readonly variants: readonly {
    readonly options: BpeTrainingOptions
    readonly tokens: readonly string[]
    readonly merges: readonly string[]
    readonly frame: Record<string, unknown>
  }[]
}
const { texts, variants } = readJson('packages/tokenizer/fixtures/training.json') as Reference

describe('trainBpe learns what the reference learns', () => {
  test.each(variants.map((each) => [JSON.stringify(each.options), each] as const))('with %s', async (_, each) => {
    const trained = await trainBpe(texts, each.options)
    expect(trained.tokens).toEqual(each.tokens)
    expect(trained.merges.map((pair) => pair.join(' '))).toEqual(each.merges)
    const { model, ...frame } = JSON.parse(trained.json) as Record<string, Record<string, unknown>>
    expect({ ...frame, model: { ...model, vocab: {}, merges: [] } }).toEqual(each.frame)
  })

  // sha256 of the file that tokenizers 0.23.2 saves: see fixtures/make-training.py for its settings
  const data = resolve(import.meta.dirname, '../../../../../shared/data')
  test.skipIf(!existsSync(data)).each([
    ['tinyshakespeare/input.txt', Infinity, 4096, '335aa6a34e4e191359c942dc4274d674444da773cb3887cc84af6a9daeecaf1b'],
    ['novels/train.txt', 8_000_000, 8192, '304deb3b507c34d3d02950556ddcfbd6fc3b6dd193a760bb68ddd4665206c40e'],
  ])('from %s, byte for byte (needs ../shared/data)', async (file, bytes, vocabSize, sha256) => {
    const lines = linesOf(createReadStream(`${data}/${file}`, { end: bytes - 1 }))
    const { json } = await trainBpe(lines, { vocabSize, specialTokens: ['<|endoftext|>'] })
    expect(createHash('sha256').update(json).digest('hex')).toBe(sha256)
  })
})

describe('learnMerges', () => {
  /** Words over few letters, so that runs, ties and tokens with two histories are common. */
  function words(seed: number): string[] {
    let state = seed
    const draw = (below: number): number => ((state = (Math.imul(state, 0x19660d) + 0x3c6ef35f) >>> 0) >>> 16) % below
    return Array.from({ length: 60 }, () => Array.from({ length: 1 + draw(12) }, () => 'abcd'[draw(4)]).join(''))
  }

  test.each<BpeTrainingOptions>([
    {},
    { maxTokenLength: 4 },
    { minFrequency: 5 },
    { specialTokens: ['ab', 'cab'] },
    { continuingSubwordPrefix: '##', vocabSize: 60 },
    { endOfWordSuffix: '</w>' },
    { limitAlphabet: 3 },
  ])('agrees with its twin on random words with %o', async (options) => {
    const checked = checkOptions({ byteLevel: false, vocabSize: 150, ...options })
    for (let seed = 1; seed <= 20; seed++) {
      const counts = Array.from({ length: 60 }, (_, index) => 1 + ((index * seed) % 7))
      const corpora = [1, 2].map(() => createCorpus(words(seed), counts, checked))
      const fast = await learnMerges(corpora[0], checked, async () => {})
      expect(fast).toEqual(learnMergesPlainly(corpora[1], checked))
      expect(corpora[0].vocabulary.tokens).toEqual(corpora[1].vocabulary.tokens)
    }
  })
})

describe('trainBpe', () => {
  test('writes a file that the tokenizer of this package reads, with tokens like numbers in their places', async () => {
    const { json, tokens } = await trainBpe(texts, { vocabSize: 500, specialTokens: ['<|end|>'] })
    const tokenizer = Tokenizer.fromJson(json)
    expect(tokens.map((token) => tokenizer.tokenToId(token))).toEqual(tokens.map((_, id) => id))
    for (const text of texts) expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
    expect(json).toContain('"<|end|>": 0,\n      "!": 1,')
  })

  test('learns the same from one text in pieces of bytes, whatever their size', async () => {
    const bytes = new TextEncoder().encode(texts.join(''))
    const inPieces = (size: number): Uint8Array[] =>
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
    const lines = texts.join('').split(/(?<=\n)/)
    const { json } = await trainBpe(lines, { vocabSize: 450 })
    for (const size of [1, 63, 100, bytes.length]) {
      expect((await trainBpe(linesOf(inPieces(size)), { vocabSize: 450 })).json).toBe(json)
    }
    expect((await trainBpe(linesOf(new Blob([bytes]).stream()), { vocabSize: 450 })).json).toBe(json)
  })

  test('reads a line without an end in parts, and learns what it learns from the whole', async () => {
    const text = 'no line ends here 42 '.repeat(120_000)
    const bytes = new TextEncoder().encode(text)
    const parts: string[][] = []
    for await (const part of linesOf([bytes.subarray(0, 1_200_000), bytes.subarray(1_200_000)])) parts.push(part)
    expect(parts.length).toBeGreaterThan(1)
    expect(parts.flat().join('')).toBe(text)
    expect((await trainBpe(parts, { vocabSize: 300 })).json).toBe((await trainBpe([text], { vocabSize: 300 })).json)
  })

  test('stops when it is aborted, while it reads and while it merges, and tells how far it is', async () => {
    const random = Array.from({ length: 30_000 }, (_, i) => `${Math.imul(i, 0x9e3779b1) >>> 0} ${'x'.repeat(i % 7)}\n`)
    for (const phase of ['read', 'merge']) {
      const controller = new AbortController()
      const onProgress: BpeTrainingOptions['onProgress'] = (progress) => {
        if (progress.phase === phase) controller.abort(new Error(`stopped in ${phase}`))
      }
      const training = trainBpe(Array<string[]>(10).fill(random), { signal: controller.signal, onProgress })
      await expect(training).rejects.toThrow(`stopped in ${phase}`)
    }
  })

  test.each([
    [{ vocabSize: 0 }, 'vocabSize: expected a whole number from 1 to 4194304, got 0.'],
    [{ vocab_size: 9 }, 'vocab_size: expected one of vocabSize,'],
    [{ endOfWordSuffix: '</w>' }, 'endOfWordSuffix: expected nothing with byteLevel: true'],
    [{ byteLevel: false, addPrefixSpace: true }, 'addPrefixSpace: expected nothing with byteLevel: false'],
    [{ initialAlphabet: ['ab'] }, 'initialAlphabet: expected a list of single characters'],
    [{ specialTokens: [''] }, 'specialTokens: expected a list of strings that are not empty'],
    [{ pattern: 'gpt3' }, 'pattern: expected one of "gpt2", "llama3", "qwen2", got "gpt3"'],
  ])('refuses %o', async (options, message) => {
    await expect(trainBpe(texts, options as BpeTrainingOptions)).rejects.toThrow(message)
  })

  test('refuses what is no list of texts, and bytes that are no UTF-8', async () => {
    await expect(trainBpe('text')).rejects.toThrow('expected an iterable of strings, got "text"')
    await expect(trainBpe([1 as unknown as string])).rejects.toThrow('expected strings, got 1')
    const bytes = [Uint8Array.of(97, 10), Uint8Array.of(98, 0xff)]
    await expect(trainBpe(linesOf(bytes))).rejects.toThrow('expected text in UTF-8, got other bytes after byte 2')
    await expect(trainBpe(linesOf([Uint8Array.of(0xe2)]))).rejects.toThrow('an end within a character')
  })
})
