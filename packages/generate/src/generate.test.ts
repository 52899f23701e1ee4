import { RetNetError } from '@retnet/core'
import { expect, test } from 'vitest'
import { bytes, pieces } from '../test/codecs.js'
import { fakeModel, reciter, scrambler } from '../test/fake-model.js'
import { GenerateArgumentError, SessionBusyError } from './errors.js'
import { generate } from './generate.js'
import type { TextCodec } from './language-model.js'
import type { Tokenizer } from '../../tokenizer/src/index.js'

// the tokenizer of this repository is a codec as it stands
const acceptsTokenizer = (tokenizer: Tokenizer): TextCodec => tokenizer

const utf8 = (text: string) => [...new TextEncoder().encode(text)]

test('one piece comes for each token, and the result joins them', async () => {
  const model = reciter(256, 2, utf8('Hello'))
  const stream = generate(model, 'ab', { codec: bytes, maxTokens: 5 })
  const seen: string[] = []
  for await (const piece of stream) seen.push(piece.text)
  expect(seen).toEqual(['H', 'e', 'l', 'l', 'o'])
  expect(await stream.result).toMatchObject({
    text: 'Hello',
    ids: utf8('Hello'),
    promptTokens: 2,
    completionTokens: 5,
    finishReason: 'length',
    stateBytes: 4,
  })
  expect(model.live()).toBe(0)
})

test('the result runs the generation by itself, and pieces can be read afterwards', async () => {
  const stream = generate(reciter(256, 1, utf8('Hey')), 'a', { codec: bytes, maxTokens: 3 })
  expect((await stream.result).text).toBe('Hey')
  const texts: string[] = []
  for await (const { text } of stream) texts.push(text)
  expect(texts).toEqual(['H', 'e', 'y'])
})

test('two readers of one stream and its result see the same pieces', async () => {
  const stream = generate(scrambler(9), [1], { maxTokens: 20, seed: 4 })
  const read = async () => {
    const ids: number[] = []
    for await (const { id } of stream) ids.push(id)
    return ids
  }
  const [first, second, { ids }] = await Promise.all([read(), read(), stream.result])
  expect(first).toEqual(ids)
  expect(second).toEqual(ids)
})

test('works with ids alone', async () => {
  const { ids, text } = await generate(reciter(9, 1, [3, 1, 4]), [8], { maxTokens: 3 }).result
  expect([ids, text]).toEqual([[3, 1, 4], ''])
})

test('maxTokens 0 takes the prompt in and generates nothing', async () => {
  const result = await generate(scrambler(9), [1, 2, 3], { maxTokens: 0 }).result
  expect(result).toMatchObject({ ids: [], promptTokens: 3, finishReason: 'length', tokensPerSecond: 0 })
})

test('equal seeds give equal ids and different seeds different ones', async () => {
  const ids = async (seed?: number) => (await generate(scrambler(50), [1], { maxTokens: 20, seed }).result).ids
  expect(await ids(7)).toEqual(await ids(7))
  expect(await ids(7)).not.toEqual(await ids(8))
  const unseeded = await generate(scrambler(50), [1], { maxTokens: 20 }).result
  expect(await ids(unseeded.seed)).toEqual(unseeded.ids)
})

test('a stop id is reported, ends the text and has no text', async () => {
  const stream = generate(reciter(256, 1, utf8('ab.cd')), 'x', { codec: bytes, stopIds: [46] })
  expect(await stream.result).toMatchObject({ text: 'ab', ids: utf8('ab.'), finishReason: 'stop' })
})

test('a stop string that crosses tokens is cut out exactly', async () => {
  const codec = pieces('Once ', 'upo', 'n E', 'ND of', ' it')
  const stream = generate(reciter(5, 1, [0, 1, 2, 3, 4]), [0], { codec, stop: ['END'] })
  const texts: string[] = []
  for await (const { text } of stream) texts.push(text)
  expect(texts).toEqual(['Once ', 'upo', 'n ', ''])
  expect(await stream.result).toMatchObject({ text: 'Once upon ', ids: [0, 1, 2, 3], finishReason: 'stop' })
})

test('a stop string of several bytes is found when its tokens cut characters in two', async () => {
  const stream = generate(reciter(256, 1, utf8('ok 😀é!')), 'x', { codec: bytes, stop: '😀é' })
  expect(await stream.result).toMatchObject({ text: 'ok ', finishReason: 'stop' })
})

test('the last token gives out what was held back, and U+FFFD for half a character', async () => {
  const held = generate(reciter(256, 1, utf8('a EN')), 'x', { codec: bytes, stop: 'END', maxTokens: 4 })
  expect((await held.result).text).toBe('a EN')
  const half = generate(reciter(256, 1, utf8('é')), 'x', { codec: bytes, maxTokens: 1 })
  expect((await half.result).text).toBe('�')
  const stopId = generate(reciter(256, 1, [...utf8('a EN'), 0]), 'x', { codec: bytes, stop: 'END', stopIds: [0] })
  expect((await stopId.result).text).toBe('a EN')
})

test('log-probabilities are of the raw logits, whatever the sampling rules do', async () => {
  const model = fakeModel(4, () => [0, Math.log(2), 0, -Infinity])
  const options = { maxTokens: 1, logprobs: 2, logitBias: { 2: 100 }, temperature: 0.1 }
  const seen = []
  for await (const piece of generate(model, [0], options)) seen.push(piece)
  expect(seen).toHaveLength(1)
  expect(seen[0].id).toBe(2)
  expect(seen[0].logprob).toBeCloseTo(Math.log(0.25), 6)
  expect(seen[0].top?.map(({ id }) => id)).toEqual([1, 0])
})

test('leaving the loop ends the generation and frees the state', async () => {
  const model = scrambler(9)
  const stream = generate(model, [1], { maxTokens: 100, seed: 1 })
  for await (const { id } of stream) if (id >= 0) break
  expect(await stream.result).toMatchObject({ completionTokens: 1, finishReason: 'aborted' })
  expect(model.live()).toBe(0)
})

test('a stream that nobody reads costs nothing and can be ended', async () => {
  const model = scrambler(9)
  const stream = generate(model, [1])
  expect(model.live()).toBe(0)
  await stream.return()
  expect(await stream.result).toMatchObject({ ids: [], finishReason: 'aborted' })
})

test.each(['before', 'prefill', 'decode', 'between'] as const)('an abort throws its reason: %s', async (phase) => {
  const controller = new AbortController()
  const reason = new Error('enough')
  const model = scrambler(9)
  if (phase === 'before') controller.abort(reason)
  model.before = (operation, tokens) => {
    if (phase === 'prefill' && operation === 'consume' && tokens === 3) controller.abort(reason)
    if (phase === 'decode' && tokens === 8) controller.abort(reason)
  }
  const stream = generate(model, [1, 2, 3, 4, 5, 6, 7], { signal: controller.signal, maxTokens: 5 })
  const read = async () => {
    for await (const piece of stream) if (phase === 'between' && piece.id >= 0) controller.abort(reason)
  }
  await expect(read()).rejects.toBe(reason)
  await expect(stream.result).rejects.toBe(reason)
  expect(model.live()).toBe(0)
})

test('a failure of the backend reaches the reader and frees the state', async () => {
  const model = scrambler(9)
  model.before = (_, tokens) => {
    if (tokens === 4) throw new Error('device lost')
  }
  await expect(generate(model, [1, 2], { maxTokens: 9 }).result).rejects.toThrow('device lost')
  expect(model.live()).toBe(0)
})

test('an empty prompt needs a start token', async () => {
  await expect(generate(reciter(256, 1, utf8('hi')), '', { codec: bytes }).result).rejects.toThrow(
    'prompt: expected at least one token to predict from, got 0. Append text, or set bosToken',
  )
  const started = generate(reciter(256, 1, utf8('hi')), '', { codec: bytes, bosToken: 0, maxTokens: 2 })
  expect(await started.result).toMatchObject({ text: 'hi', promptTokens: 1 })
  // other prompts begin as they are
  expect((await generate(scrambler(9), [1], { bosToken: 0, maxTokens: 0 }).result).promptTokens).toBe(1)
})

test('lone surrogates in a prompt become U+FFFD and break nothing', async () => {
  const result = await generate(reciter(256, 5, utf8('!')), 'a\ud83db', { codec: bytes, maxTokens: 1 }).result
  expect(result).toMatchObject({ text: '!', promptTokens: 5 })
})

test('bad arguments throw at the call, before a state exists', () => {
  const model = scrambler(9)
  const call =
    (prompt: unknown, options: object = {}) =>
    () =>
      generate(model, prompt as number[], options)
  expect(call('text')).toThrow(
    'prompt: expected token ids, since there is no codec, got "text". Pass a tokenizer as `codec`.',
  )
  expect(call([1], { stop: 'x' })).toThrow('Pass a tokenizer as `codec`, or use stopIds.')
  expect(call([1], { codec: {} })).toThrow(GenerateArgumentError)
  expect(call([1], { bosToken: 9 })).toThrow(GenerateArgumentError)
  expect(call([1], { top_p: 1 })).toThrow('got "top_p"')
  expect(call([1], null as never)).toThrow('options: expected an object, got null.')
  expect(call(null)).toThrow(GenerateArgumentError)
  expect(call({ length: 1e9 })).toThrow(GenerateArgumentError)
  expect(call([9])).toThrow('no token 9')
  expect(call([1, null])).toThrow('no token null')
  expect(model.live()).toBe(0)
  expect(acceptsTokenizer).toBeTypeOf('function')
})

test('its errors are known as errors of this library by @retnet/core', () => {
  expect(RetNetError.isInstance(new SessionBusyError('fork', 'generate'))).toBe(true)
})
