// Vectors of texts, as the unmodified client of OpenAI asks for them.
import type { Model } from '@retnet/core'
import { generate } from '@retnet/generate'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Engine } from '../engine/engine.js'
import { type RunningServer, serve } from '../server.js'
import { brokenModel, codec, served, someIds, testModel } from '../testing.js'

let model: Model
let engine: Engine
let server: RunningServer
let client: OpenAI

beforeAll(async () => {
  model = await testModel()
  engine = await Engine.create(model, { rows: 2 })
  server = await serve({ engine, model: served, port: 0, limits: { promptTokens: 100_000, choices: 8 } })
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 })
})
afterAll(async () => {
  await server.close(0)
  engine.dispose()
})

async function expected(ids: ArrayLike<number>, pooling: 'mean' | 'last' = 'mean'): Promise<number[]> {
  const vector = [...(await model.embed(ids, { pooling }))]
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}

function expectClose(vector: readonly number[], other: readonly number[]): void {
  expect(vector).toHaveLength(other.length)
  vector.forEach((value, at) => expect(value).toBeCloseTo(other[at], 5))
}

describe('POST /v1/embeddings', () => {
  test('gives vectors of length 1, in base64 as the client asks by itself, and as numbers', async () => {
    const input = ['once upon a time', 'at last']
    for (const encoding_format of [undefined, 'float', 'base64'] as const) {
      const { data, usage } = await client.embeddings.create({ model: 'tiny', input, encoding_format })
      expect(data.map(({ index, object }) => [index, object])).toEqual([
        [0, 'embedding'],
        [1, 'embedding'],
      ])
      expect(usage).toEqual({ prompt_tokens: 23, total_tokens: 23 })
      if (encoding_format === 'base64') expect(data[0].embedding).toBeTypeOf('string')
      else
        for (const [at, { embedding }] of data.entries())
          expectClose(embedding, await expected(codec.encode(input[at])))
    }
  })

  test('takes token ids, other poolings, and texts of many chunks', async () => {
    const ids = [...someIds(3000)]
    const ask = { model: 'tiny', input: ids, pooling: 'last', encoding_format: 'float' as const, dimensions: 12 }
    const { data } = await client.embeddings.create(ask)
    expectClose(data[0].embedding, await expected(ids, 'last'))
  })

  test.each<[string, object, string, string]>([
    ['nothing', { input: undefined }, 'invalid_prompt', 'input'],
    ['an empty text', { input: '' }, 'invalid_prompt', 'input'],
    ['an empty list', { input: [] }, 'invalid_prompt', 'input'],
    ['a token that does not exist', { input: [31] }, 'token_out_of_vocabulary', 'input'],
    ['too many texts', { input: Array.from({ length: 9 }, () => 'a') }, 'too_many_prompts', 'input'],
    ['too many tokens', { input: 'a'.repeat(100_001) }, 'prompt_too_long', 'input'],
    ['other dimensions', { input: 'a', dimensions: 4 }, 'invalid_value', 'dimensions'],
    ['another pooling', { input: 'a', pooling: 'max' }, 'invalid_value', 'pooling'],
    ['an unknown parameter', { input: 'a', prompt: 'a' }, 'unknown_parameter', 'prompt'],
  ])('refuses %s', async (_, body, code, param) => {
    const error = await client.embeddings.create({ model: 'tiny', ...body } as never).catch((cause: unknown) => cause)
    expect(error).toMatchObject({ status: 400, code, param })
  })
})

describe('a long text', () => {
  const long = { model: 'tiny', input: [...someIds(90_000)] }

  test('is read between the steps of texts that are being written, which come out the same', async () => {
    const slow = client.embeddings.create(long)
    await expect.poll(() => engine.status.waiting).toBe(1)
    const ask = { model: 'tiny', prompt: 'once', max_tokens: 20, seed: 5 }
    const { choices } = await client.completions.create(ask)
    expect(choices[0].text).toBe((await generate(model, 'once', { codec, maxTokens: 20, seed: 5 }).result).text)
    expect(engine.status.waiting).toBe(1)
    expectClose((await slow).data[0].embedding, await expected(long.input))
  })

  test('is given up when its client goes', async () => {
    const controller = new AbortController()
    const given = client.embeddings.create(long, { signal: controller.signal })
    await expect.poll(() => engine.status.waiting).toBe(1)
    controller.abort()
    await expect(given).rejects.toThrow()
    await expect.poll(() => engine.status.waiting).toBe(0)
  })
})

test('a text whose numbers are broken fails alone', async () => {
  using broken = await brokenModel()
  using own = await Engine.create(broken, { rows: 2 })
  const [bad, good] = own.embed([
    { prompt: codec.encode('a#b'), pooling: 'mean' },
    { prompt: codec.encode('ab'), pooling: 'mean' },
  ])
  const read = async ({ events }: typeof bad) => {
    const kinds: string[] = []
    for await (const { kind } of events) kinds.push(kind)
    return kinds
  }
  await expect(read(bad)).rejects.toThrow('not finite')
  expect(await read(good)).toEqual(['begin', 'embedded'])
})
