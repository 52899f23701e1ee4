// Texts by a schema, as the unmodified client of OpenAI asks for them.
import { Ajv2020 } from 'ajv/dist/2020.js'
import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { Engine } from '../engine/engine.js'
import { type RunningServer, serve } from '../server.js'
import { servedJson, testModel } from '../testing.js'

let engine: Engine
let server: RunningServer
let client: OpenAI

beforeAll(async () => {
  engine = await Engine.create(await testModel(), { rows: 3 })
  server = await serve({ engine, model: servedJson, port: 0 })
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 })
})
afterAll(async () => {
  await server.close(0)
  engine.dispose()
})

const numbers = z.object({
  a: z.int().min(0).max(99),
  b: z.array(z.boolean()).max(3),
  t: z.enum(['true', 'false']).nullable(),
})
const messages = [{ role: 'user' as const, content: '12, 7' }]
const ask = { model: 'tiny', messages, max_tokens: 200, response_format: zodResponseFormat(numbers, 'numbers') }

describe('a chat with a schema of zod', () => {
  test('is parsed by the client, for every seed and each of n choices', async () => {
    for (const seed of [1, 2, 3]) {
      const { choices } = await client.chat.completions.parse({ ...ask, seed, n: 3 })
      expect(choices.map(({ finish_reason: reason }) => reason)).toEqual(['stop', 'stop', 'stop'])
      for (const { message } of choices) expect(numbers.parse(message.parsed)).toEqual(message.parsed)
    }
  })

  test('streams what it gives whole, with the log-probabilities of the model itself', async () => {
    const whole = await client.chat.completions.create({ ...ask, seed: 4, logprobs: true, top_logprobs: 1 })
    const { message, logprobs } = whole.choices[0]
    expect(logprobs!.content!.map(({ token }) => token).join('')).toBe(message.content)
    // a token that the model alone would hardly draw keeps its low probability
    expect(logprobs!.content!.some(({ logprob, top_logprobs: [best] }) => logprob < best.logprob)).toBe(true)
    let text = ''
    for await (const chunk of await client.chat.completions.create({ ...ask, seed: 4, stream: true })) {
      text += chunk.choices[0].delta.content ?? ''
    }
    expect(text).toBe(message.content)
  })

  test('that is cut off by max_tokens says so', async () => {
    const { choices } = await client.chat.completions.create({ ...ask, max_tokens: 3 })
    expect(choices[0].finish_reason).toBe('length')
  })
})

test('a completion is valid by its schema, greedy, with penalties and with cuts', async () => {
  const schema = { type: 'array', items: { type: ['integer', 'null'] }, minItems: 2, maxItems: 4 }
  const isValid = new Ajv2020().compile(schema)
  for (const more of [
    { temperature: 0 },
    { frequency_penalty: 2 },
    { top_k: 2, top_p: 0.5 },
    { logit_bias: { 0: 100 } },
  ]) {
    const json = { type: 'json_schema', json_schema: { name: 'list', schema } }
    const body = { model: 'tiny', prompt: '1', max_tokens: 300, seed: 3, ...more, response_format: json }
    const { choices } = await client.completions.create(body as never)
    expect(choices[0].finish_reason).toBe('stop')
    expect([choices[0].text, isValid(JSON.parse(choices[0].text))]).toEqual([choices[0].text, true])
  }
})

test('json_object gives objects, and text asks for nothing', async () => {
  const objects = { ...ask, response_format: { type: 'json_object' as const } }
  for (const seed of [1, 2, 3, 4]) {
    const { choices } = await client.chat.completions.create({ ...objects, seed, max_tokens: 400 })
    expect(choices[0].message.content).toMatch(/^\{/)
    if (choices[0].finish_reason === 'stop') expect(JSON.parse(choices[0].message.content!)).toBeTypeOf('object')
  }
  const texts = await Promise.all(
    [undefined, { type: 'text' as const }].map(async (response_format) => {
      return (await client.chat.completions.create({ ...ask, seed: 1, response_format })).choices[0].message.content
    }),
  )
  expect(texts[0]).toBe(texts[1])
})
