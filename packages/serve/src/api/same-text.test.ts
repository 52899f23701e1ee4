// One request gives one text: alone, beside others, however its prompt is cut, from a state of another server, and after its worker is gone.
import type { Model } from '@retnet/core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Engine } from '../engine/engine.js'
import { type RunningServer, serve } from '../server.js'
import { served, someIds, testModel } from '../testing.js'

let model: Model
const cleanUp: (() => unknown)[] = []
beforeAll(async () => {
  model = await testModel()
})
afterAll(async () => {
  for (const one of cleanUp.toReversed()) await one()
  model.dispose()
})

async function open(chunkTokens?: number): Promise<RunningServer> {
  const engine = await Engine.create(model, { rows: 4, ...(chunkTokens && { chunkTokens }) })
  const server = await serve({ engine, model: served, port: 0 })
  cleanUp.push(async () => {
    await server.close(0)
    engine.dispose()
  })
  return server
}

async function post({ url }: RunningServer, path: string, body: object) {
  const headers = { 'content-type': 'application/json' }
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })
  // oxlint-disable-next-line typescript/no-explicit-any
  const answer: any = await response.json()
  expect(response.status, JSON.stringify(answer)).toBeLessThan(300)
  return answer
}

const ids = (length: number, from = 0) => [...someIds(length, from)]
const rules = [
  { temperature: 0 },
  { seed: 5, temperature: 0.9, top_k: 12, frequency_penalty: 0.6 },
  { seed: 6, top_p: 0.9, repetition_penalty: 1.2, logit_bias: { 3: 4 } },
]
const ask = (more: object) => ({ max_tokens: 20, logprobs: 0, ...more })
const tokensOf = (answer: { choices: readonly { logprobs: { tokens: string[] } }[] }) =>
  answer.choices[0].logprobs.tokens

test.each([1, 2, 37, 100])('a prompt of %i tokens', async (length) => {
  const prompt = ids(length)
  const plain = await open()
  const write = async (server: RunningServer, more: object) =>
    tokensOf(await post(server, '/v1/completions', ask(more)))
  const expected = []
  for (const rule of rules) expected.push(await write(plain, { prompt, ...rule }))

  const others = Array.from({ length: 6 }, (_, at) => write(plain, { prompt: ids(30 + 9 * at, at + 1), seed: at }))
  expect(await Promise.all(rules.map((rule) => write(plain, { prompt, ...rule })))).toEqual(expected)
  await Promise.all(others)

  for (const chunkTokens of [1, 3, 16, 17, 64]) {
    const server = await open(chunkTokens)
    // with nothing to find, and with what the first one has left
    for (const _ of [1, 2]) {
      for (const [at, rule] of rules.entries()) expect(await write(server, { prompt, ...rule })).toEqual(expected[at])
    }
    const { id: session } = await post(server, '/v1/sessions', { prompt })
    const { id: snapshot } = await post(server, `/v1/sessions/${session}/snapshots`, {})
    const file = await fetch(`${server.url}/v1/snapshots/${snapshot}`, {
      headers: { accept: 'application/octet-stream' },
    })
    const type = { 'content-type': 'application/octet-stream' }
    const bytes = await file.arrayBuffer()
    const taken = await fetch(`${plain.url}/v1/snapshots`, { method: 'POST', headers: type, body: bytes })
    const { id: from } = (await taken.json()) as { id: string }
    for (const [at, rule] of rules.entries()) {
      const { id } = await post(plain, '/v1/sessions', { from })
      const answer = await post(plain, '/v1/completions', ask({ session: id, ...rule }))
      expect(tokensOf(answer)).toEqual(expected[at])
      expect(answer.usage.prompt_tokens_details.cached_tokens).toBe(length)
    }
  }
})
